/**
 * The client under test, in Node. Usage (by the suite): node driver.ts <http|sdk-v2> <era> <server-url>
 */
import type { Era } from "../../src/channel/handshake.ts";
import { fromUrl as fromUrlHttp } from "../../src/channel/http.ts";
import { fromUrl as fromUrlV2 } from "../../src/channel/sdk-v2.ts";
import { meetServer, UNDER_TEST } from "./client-under-test.ts";

const [connector, era, address] = process.argv.slice(2);
const fromUrl = connector === "http" ? fromUrlHttp : fromUrlV2;
if (!isEra(era) || !address)
  throw new Error("Usage: node driver.ts <http|sdk-v2> <auto|2025-11-25|2026-07-28> <server-url>");

await meetServer(fromUrl(address, { era, ...UNDER_TEST }), process.env.MCP_CONFORMANCE_CONTEXT, (line) =>
  console.log(line),
);

function isEra(value: string | undefined): value is Era {
  return value === "auto" || value === "2025-11-25" || value === "2026-07-28";
}
