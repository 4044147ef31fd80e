// A local server that speaks 2026-07-28 and nothing else, frame by frame.
import { createInterface } from "node:readline";

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const VERSION = "io.modelcontextprotocol/protocolVersion";
const SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId";
const question = {
  method: "elicitation/create",
  params: {
    mode: "form",
    message: "Which?",
    requestedSchema: { type: "object", properties: { which: { type: "string" } } },
  },
};
const streams = new Map();

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { id, method, params = {} } = JSON.parse(line);
    if (method === "notifications/cancelled") return void streams.delete(params.requestId);
    if (id === undefined) return;
    const complete = (result) => send({ id, result: { resultType: "complete", ...result } });
    const answer = params.inputResponses?.which?.content?.which;
    const ask = () =>
      send({
        id,
        result: { resultType: "input_required", inputRequests: { which: question }, requestState: "s1" },
      });
    if (params._meta?.[VERSION] !== "2026-07-28")
      return send({
        id,
        error: { code: -32022, message: "Unsupported protocol version", data: { supported: ["2026-07-28"] } },
      });
    switch (method) {
      case "server/discover":
        return complete({
          supportedVersions: ["2026-07-28"],
          capabilities: { tools: {}, prompts: {}, resources: { subscribe: true } },
          instructions: "Ask.",
        });
      case "tools/list":
        return complete({
          tools: ["ask", "touch"].map((name) => ({ name, inputSchema: { type: "object" } })),
        });
      case "prompts/list":
        return complete({ prompts: [{ name: "ask" }] });
      case "prompts/get":
        if (params.requestState !== "s1") return ask();
        return complete({
          messages: [{ role: "user", content: { type: "text", text: `prompt of ${answer}` } }],
        });
      case "tools/call":
        if (params.name === "ask") {
          if (params.requestState !== "s1") return ask();
          return complete({ content: [{ type: "text", text: `tool of ${answer}` }] });
        }
        for (const [stream, { resourceSubscriptions = [], toolsListChanged }] of streams) {
          const _meta = { [SUBSCRIPTION]: stream };
          for (const uri of resourceSubscriptions)
            send({ method: "notifications/resources/updated", params: { uri, _meta } });
          if (toolsListChanged) send({ method: "notifications/tools/list_changed", params: { _meta } });
        }
        return complete({ content: [{ type: "text", text: "touched" }] });
      case "subscriptions/listen":
        streams.set(id, params.notifications);
        return send({
          method: "notifications/subscriptions/acknowledged",
          params: { notifications: params.notifications, _meta: { [SUBSCRIPTION]: id } },
        });
      default:
        return send({ id, error: { code: -32601, message: "Method not found" } });
    }
  })
  .on("close", () => process.exit(0));
