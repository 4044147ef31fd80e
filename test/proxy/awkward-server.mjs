// A local server with habits that the stdio transport allows or older versions allowed. Its argument names the habit:
// --pings: pings before it answers the handshake, and waits for the answer. --asks-early: asks for the roots in the same write
// as the handshake's answer. --batches: sends each reply as a list (2025-03-26, "JSON-RPC batching").
// --indented: writes each message over several lines, after a line that opens a bracket and is no message.
// --nulls: writes out fields of its tools and resources that have no value.
import { createInterface } from "node:readline";

const [habit] = process.argv.slice(2);
const [before, indent] = habit === "--indented" ? ["[debug {\n", 2] : ["", undefined];
const write = (...messages) =>
  process.stdout.write(
    messages.map((message) => `${before}${JSON.stringify(message, null, indent)}\n`).join(""),
  );
const reply = (id, result) => {
  const message = { jsonrpc: "2.0", id, result };
  write(habit === "--batches" ? [message] : message);
};
let [ponged, roots] = [() => undefined, "none"];
const pong = new Promise((resolve) => {
  ponged = resolve;
});
if (habit === "--pings") write({ jsonrpc: "2.0", id: "p", method: "ping" });
else ponged();

createInterface({ input: process.stdin })
  .on("line", async (line) => {
    const { id, method, params, result } = JSON.parse(line);
    if (method === undefined) {
      if (id === "p") ponged();
      else roots = JSON.stringify(result);
    } else if (method === "initialize") {
      await pong;
      const { protocolVersion } = params;
      const agreed = {
        protocolVersion,
        serverInfo: { name: "awkward", version: "1" },
        capabilities: { tools: {}, resources: {} },
      };
      if (habit !== "--asks-early") return reply(id, agreed);
      write({ jsonrpc: "2.0", id, result: agreed }, { jsonrpc: "2.0", id: "r", method: "roots/list" });
    } else if (method === "tools/list") {
      const odd = habit === "--nulls" ? [{ name: "odd", description: null, inputSchema: null }] : [];
      const tools = ["echo", "nothing"].map((name) => ({ name, inputSchema: { type: "object" } }));
      reply(id, { tools: [...odd, ...tools], nextCursor: null });
    } else if (method === "resources/list" && habit === "--nulls") {
      reply(id, { resources: [{ uri: "file:///a", mimeType: null }], nextCursor: null });
    } else if (method === "tools/call") {
      // JSON leaves out a result that is undefined.
      if (params.name === "nothing") return write({ jsonrpc: "2.0", id, result: undefined });
      reply(id, {
        content: [{ type: "text", text: JSON.stringify({ args: params.arguments ?? "none", roots }) }],
      });
    } else if (id !== undefined)
      write({ jsonrpc: "2.0", id, error: { code: -32601, message: "Method not found" } });
  })
  .on("close", () => process.exit(0));
