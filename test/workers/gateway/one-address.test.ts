import type { JsonObject } from "holdfast";
import { describe, expect, test } from "vitest";
import { post } from "../whole/whole-worker.ts";

const BOTH = { accept: "application/json, text/event-stream" };

async function ask(method: string, params: JsonObject = {}, path = "/mcp"): Promise<string> {
  const reply = await post(path, { jsonrpc: "2.0", id: 1, method, params }, BOTH);
  expect(reply.status).toBe(200);
  return reply.text();
}

describe("/mcp", () => {
  test.each(["/mcp", "/mcp/"])(
    "serves the tools of both samples at %s, which have the same names",
    async (path) => {
      const text = await ask("tools/list", {}, path);
      for (const name of ["sample-2025_lookup_doi", "sample-2026_lookup_doi", "check_task"])
        expect(text.split(`"${name}"`)).toHaveLength(2);
      expect(text).not.toContain('"name":"lookup_doi"');
    },
  );

  test("calls a tool that nobody has listed before, by the name it would be listed under", async () => {
    const call = { name: "sample-2026_lookup_doi", arguments: { doi: "10.1/kelp" } };
    const reply = await post(
      "/mcp",
      { jsonrpc: "2.0", id: 1, method: "tools/call", params: call },
      BOTH,
      "alice-token",
    );
    const text = await reply.text();
    expect(text).toContain('"result"');
    expect(text).not.toContain("isError");
  });

  test("needs a token, like every address of the gateway", async () => {
    const reply = await post("/mcp", { jsonrpc: "2.0", id: 1, method: "tools/list" }, BOTH, null);
    expect(reply.status).toBe(401);
    expect(reply.headers.get("www-authenticate")).toContain('/.well-known/oauth-protected-resource/mcp"');
  });
});
