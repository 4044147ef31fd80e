/**
 * The client under test, in Node. Usage (by the suite): node driver.ts <http|sdk-v2> <era> <server-url>
 */
import type { Era } from "../../src/channel/handshake.ts";
import { fromUrl } from "../../src/channel/http.ts";
import { oauth } from "../../src/channel/sdk-oauth.ts";
import { fromUrl as fromUrlV2 } from "../../src/channel/sdk-v2.ts";
import { meetServer, UNDER_TEST } from "./client-under-test.ts";
import { SignIn } from "./sign-in.ts";

const [connector, era, address] = process.argv.slice(2);
if (!isEra(era) || !address)
  throw new Error("Usage: node driver.ts <http|sdk-v2> <auto|2025-11-25|2026-07-28> <server-url>");

const { MCP_CONFORMANCE_CONTEXT: context, MCP_CONFORMANCE_SCENARIO: scenario } = process.env;
const signIn = new SignIn(
  address,
  fetch,
  async (page) => (await fetch(page, { redirect: "manual" })).headers.get("location"),
  { scenario, context },
);
const options = { era, ...UNDER_TEST };
const server =
  connector === "http"
    ? fromUrl(address, { ...options, authorization: oauth(signIn) })
    : fromUrlV2(address, { ...options, authProvider: signIn });
await meetServer(server, context, (line) => console.log(line));

function isEra(value: string | undefined): value is Era {
  return value === "auto" || value === "2025-11-25" || value === "2026-07-28";
}
