// A local server whose every frame is scripted by the test: what it receives it repeats when it is asked for.
import { createInterface } from "node:readline";

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const received = [];
const asked = new Map();

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const message = JSON.parse(line);
    const { id, method, params = {} } = message;
    received.push(message);
    if (method === undefined) {
      // The answer to a question of ours ends the call that asked it.
      send({ id: asked.get(id), result: { answered: message.result } });
      return;
    }
    if (id === undefined) return;
    const progress = (token) =>
      send({ method: "notifications/progress", params: { progressToken: token, progress: 1 } });
    switch (method) {
      case "server/discover":
        return send({ id: String(id), error: { code: -32601, message: "Method not found" } });
      case "initialize":
        return send({ id, result: { protocolVersion: params.protocolVersion, capabilities: {} } });
      case "received":
        return send({ id, result: { received } });
      case "resources/list":
        // Never answered.
        return;
      case "subscriptions/listen":
        send({
          method: "notifications/subscriptions/acknowledged",
          params: { _meta: { "io.modelcontextprotocol/subscriptionId": id } },
        });
        return;
      case "tools/call":
        if (params.name === "exit") return process.exit(3);
        if (params.name === "progress") {
          progress(params._meta.progressToken);
          return send({ id, result: { done: params._meta.progressToken } });
        }
        if (params.name === "ask") {
          asked.set("question", id);
          return send({ id: "question", method: "elicitation/create", params: { message: "Which?" } });
        }
        // A question of a task, which nobody has asked for yet.
        send({
          id: "of-task",
          method: "elicitation/create",
          params: { _meta: { "io.modelcontextprotocol/related-task": { taskId: "t1" } } },
        });
        return send({ id, result: { task: { taskId: "t1" } } });
      case "tasks/result":
        asked.set("of-task", id);
        return send({
          method: "notifications/tasks/status",
          params: { taskId: params.taskId, status: "working" },
        });
      default:
        return send({ id, error: { code: -32601, message: "Method not found" } });
    }
  })
  .on("close", () => process.exit(0));
