export * from "./tasks.ts";

export const text =
  '{ "export": { "start": { "tool": "start_export", "id": "/job_id" }, "status": { "tool": "get_export", "arguments": { "job_id": "/id" }, "status": "/state" } } }';
const schema = (...names: string[]) => ({
  type: "object",
  properties: Object.fromEntries(names.map((name) => [name, { type: "string" }])),
});
export const tools = [
  { name: "start_export", inputSchema: schema("table"), outputSchema: schema("job_id") },
  { name: "get_export", inputSchema: schema("job_id"), outputSchema: schema("state") },
];

/** A server of exports without Tasks, in place of the network. */
globalThis.fetch = async (_input, init) => {
  if (init?.method !== "POST") return new Response(null, { status: 405 });
  const { id: rpcId, method } = JSON.parse(String(init.body)) as { id?: number; method: string };
  if (rpcId === undefined) return new Response(null, { status: 202 });
  const job = { type: "text", text: JSON.stringify({ job_id: "7", state: "running", percent: 50 }) };
  const results: Readonly<Record<string, object>> = {
    initialize: {
      protocolVersion: "2025-11-25",
      capabilities: { tools: {} },
      serverInfo: { name: "lab", version: "1.0.0" },
    },
    "tools/list": { tools },
    "tools/call": { content: [job] },
  };
  const result = results[method];
  const answer = result ? { result } : { error: { code: -32601, message: "Method not found" } };
  return Response.json({ jsonrpc: "2.0", id: rpcId, ...answer });
};
