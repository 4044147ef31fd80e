import { providerOf } from "../../sdk/oauth-server.ts";

export * from "./tasks.ts";
export const authProvider = providerOf({ tokens: undefined });
export const provider = providerOf({ tokens: undefined });
