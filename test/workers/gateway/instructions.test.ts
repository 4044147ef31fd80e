import { describe, expect, test } from "vitest";
import { INSTRUCTIONS } from "../../../worker/samples/tools.ts";
import { post } from "../whole/whole-worker.ts";

const clientInfo = { name: "test", version: "1" };
const HELLOS = {
  "2025-11-25": {
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo },
  },
  "2026-07-28": {
    method: "server/discover",
    params: {
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": clientInfo,
        "io.modelcontextprotocol/clientCapabilities": {},
      },
    },
  },
};

/** What the gateway answers a hello with, as text. */
async function greeting(path: string, version: keyof typeof HELLOS): Promise<string> {
  const { method, params } = HELLOS[version];
  const headers = { accept: "application/json, text/event-stream" };
  const modern = { "mcp-protocol-version": version, "mcp-method": method };
  const reply = await post(
    path,
    { jsonrpc: "2.0", id: 1, method, params },
    version === "2026-07-28" ? { ...headers, ...modern } : headers,
  );
  const text = await reply.text();
  expect(reply.status, text).toBe(200);
  return text;
}

describe.each(["2025-11-25", "2026-07-28"] as const)("to a client of %s", (version) => {
  test.each(["/mcp/sample-2025", "/mcp/sample-2026"])(
    "%s passes on what its server wants a model to know",
    async (path) => expect(await greeting(path, version)).toContain(`"instructions":"${INSTRUCTIONS}"`),
  );

  test("/mcp passes on what each server says, under its name", async () => {
    const all = ["sample-2025", "sample-2026"]
      .map((name) => `## ${name}\\n\\n${INSTRUCTIONS}`)
      .join("\\n\\n");
    expect(await greeting("/mcp", version)).toContain(`"instructions":"${all}"`);
  });
});
