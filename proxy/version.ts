export { VERSION } from "../src/channel/client-identity.ts";
