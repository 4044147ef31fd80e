import type { JsonObject } from "holdfast";
import { expect, test } from "vitest";
import { post } from "../whole/whole-worker.ts";

const BOTH = { accept: "application/json, text/event-stream" };
const CALL: JsonObject = { name: "lookup_doi", arguments: { doi: "10.1/kelp" } };

function send(path: string, method: string, params: JsonObject | null, headers: Record<string, string>) {
  return post(path, { jsonrpc: "2.0", id: 1, method, params }, headers);
}

test.each<[string, string, string, JsonObject | null, Record<string, string>]>([
  ["tools/list with Accept: */*", "/mcp/sample-2025", "tools/list", {}, { accept: "*/*" }],
  [
    "ping with Accept: application/json, */*;q=0.5",
    "/mcp/sample-2025",
    "ping",
    {},
    { accept: "application/json, */*;q=0.5" },
  ],
  ["tools/call with Accept: */*", "/mcp/sample-2025", "tools/call", CALL, { accept: "*/*" }],
  ["tools/call with arguments: null", "/mcp/sample-2025", "tools/call", { ...CALL, arguments: null }, BOTH],
  ["tools/list with params: null", "/mcp/sample-2025", "tools/list", null, BOTH],
  ["a trailing slash", "/mcp/sample-2025/", "tools/list", {}, BOTH],
])("the gateway serves %s", async (_what, path, method, params, headers) => {
  const reply = await send(path, method, params, headers);
  expect(reply.status).toBe(200);
  expect(await reply.text()).toContain('"result"');
});

test("the gateway refuses a client that accepts neither form of a reply", async () => {
  expect((await send("/mcp/sample-2025", "tools/list", {}, { accept: "text/html" })).status).toBe(406);
});
