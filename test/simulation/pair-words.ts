import type { Pair, Pairs } from "../../src/pairs/index.ts";
import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import type { WireStatus } from "../../src/protocol/task-snapshot.ts";
import type { Message } from "./exchange.ts";
import { TOOLS, type ToolName } from "./model-server.ts";

/** The tools of a server whose tasks are pairs: all but the plain one. */
const PAIRED = (Object.keys(TOOLS) as ToolName[]).filter((name) => name !== "plain");
const INTERVALS: Readonly<Record<string, number>> = { required: 1_000, harmless: 5_000 };
/** The server's words for its states. */
const WORDS: Readonly<Record<WireStatus, string>> = {
  working: "IN PROGRESS",
  input_required: "BLOCKED",
  completed: "OVER",
  failed: "FAILED",
  cancelled: "STOPPED",
};

/** How the app describes them. */
export const PAIRS: Pairs = Object.fromEntries(
  PAIRED.map((name): [string, Pair] => [
    name,
    {
      start: { tool: `start_${name}`, id: "/job" },
      status: {
        tool: `get_${name}`,
        arguments: { job: "/id" },
        status: "/state",
        message: "/note",
        error: "/reason",
        result: "/output",
      },
      cancel: { tool: `stop_${name}`, arguments: { job: "/id" } },
      // One of them cannot be looked for.
      ...(name !== "optional" && {
        list: { tool: "list_jobs", jobs: "/jobs", id: "/job", createdAt: "/at", match: { tag: "/tag" } },
      }),
      words: { input_required: ["blocked"], completed: ["over"] },
      ...(INTERVALS[name] !== undefined && { intervalMs: INTERVALS[name] }),
    },
  ]),
);

/** The definitions that such a server lists. */
export function pairTools(): readonly JsonObject[] {
  const inputSchema = { type: "object", properties: {} };
  const starts = PAIRED.map((name) => ({
    name: `start_${name}`,
    inputSchema,
    ...(TOOLS[name].repeatable && { annotations: { idempotentHint: true } }),
  }));
  const others = PAIRED.flatMap((name) => [`get_${name}`, `stop_${name}`]);
  return [...starts, ...[...others, "list_jobs", "plain"].map((name) => ({ name, inputSchema }))];
}

/** The request of Tasks that a call of a pair's tool stands for; any other message as it is. */
export function asTasks<Sent extends Message>(message: Sent): Sent {
  const { method, params = {} } = message;
  if (method !== "tools/call") return message;
  const [verb, name] = String(params.name).split("_");
  const job = isObject(params.arguments) ? params.arguments.job : undefined;
  switch (verb) {
    case "start":
      return { ...message, params: { ...params, name } };
    case "get":
      return { ...message, method: "tasks/get", params: { taskId: `${name}/${job}` } };
    case "stop":
      return { ...message, method: "tasks/cancel", params: { taskId: `${name}/${job}` } };
    case "list":
      return { ...message, method: "tasks/list", params: {} };
    default:
      return message;
  }
}

/** What the pair's tool returns where a server of Tasks (2026-07-28) replies with this. */
export function asToolResult({ method, params = {} }: Message, result: JsonObject): JsonObject {
  const { taskId, status, statusMessage, error, resultType } = result;
  if (method === "tasks/cancel") return toolResult({ stopping: true });
  const isStart = method === "tools/call" && params.name !== "plain";
  if (method !== "tasks/get" && !isStart) return result;
  // The work was short: it is done before the start is answered.
  if (isStart && taskId === undefined) return toolResult({ state: WORDS.completed, output: result });
  const state = WORDS[status as WireStatus];
  const reason = isObject(error) ? error.message : undefined;
  const job = String(taskId).split("/")[1];
  // What starts it says no more than its id.
  if (resultType === "task") return toolResult({ job });
  return toolResult({ job, state, note: statusMessage, reason, output: result.result });
}

export function toolResult(data: JsonObject): JsonObject {
  return { content: [{ type: "text", text: JSON.stringify(data) }] };
}

/** The reading of Tasks that the result of a pair's tool stands for; any other response as it is. */
export function asReading(request: Message, response: Message): Message {
  const { method, params = {} } = asTasks(request);
  const { result } = response;
  if (!isObject(result) || (method !== "tasks/get" && method !== "tools/call")) return response;
  const [block] = Array.isArray(result.content) ? result.content : [];
  const data = isObject(block) ? read(block.text) : undefined;
  if (data?.job === undefined) return response;
  const name = method === "tasks/get" ? String(params.taskId).split("/")[0] : params.name;
  const status = Object.keys(WORDS).find((word) => WORDS[word as WireStatus] === data.state) ?? "working";
  const pollIntervalMs = INTERVALS[String(name)];
  return { ...response, result: { taskId: `${name}/${data.job}`, status, pollIntervalMs } };
}

function read(text: unknown): JsonObject | undefined {
  try {
    const data: unknown = JSON.parse(String(text));
    return isObject(data) ? data : undefined;
  } catch {
    return undefined;
  }
}
