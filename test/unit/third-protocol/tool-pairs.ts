import { isObject, type JsonObject } from "../../../src/protocol/json.ts";
import type { Frame, TaskId, TaskProtocol, ToolCall } from "../../../src/protocol/task-protocol.ts";
import { type CallReply, MalformedReplyError, type TaskReading } from "../../../src/protocol/task-reading.ts";
import type { SnapshotReading, WireStatus } from "../../../src/protocol/task-snapshot.ts";
import { readToolResult, type ToolResult } from "../../../src/protocol/tool-result.ts";

declare module "../../../src/protocol/registry.ts" {
  interface Protocols {
    readonly "tool-pairs": TaskProtocol;
  }
}

const START = "start_";
const STATUS: Readonly<Record<string, WireStatus>> = {
  running: "working",
  done: "completed",
  broken: "failed",
  stopped: "cancelled",
};

/**
 * A made-up protocol: `start_export` returns the id of a job, `get_export` its state and at last its result, `cancel_export`
 * stops it. The ids of exports and of imports may be equal, so a task is named by both, as `export/7`.
 */
export const toolPairs: TaskProtocol = {
  versions: ["2025-06-18"],
  traits: { sessions: true, inline: true, answersTogether: false, lists: false, abandonsCalls: true },

  mayBecomeTask: (_capabilities, _tool, _preference, toolName): boolean => toolName.startsWith(START),

  canList: (): boolean => false,

  encodeCall: (call: ToolCall): Frame => ({
    method: "tools/call",
    params: { name: call.name, ...(call.arguments && { arguments: call.arguments }) },
  }),

  decodeCall(call: ToolCall, reply: unknown): CallReply {
    const result = resultOf(reply);
    const { job } = isObject(result.structuredContent) ? result.structuredContent : {};
    if (!call.name.startsWith(START) || result.isError || typeof job !== "string")
      return { kind: "result", result };
    return { kind: "task", reading: readJob(`${call.name.slice(START.length)}/${job}`, result) };
  },

  encodeGet: (taskId: TaskId): Frame => pairedCall("get", taskId),

  decodeGet: (taskId: TaskId, reply: unknown): TaskReading => readJob(String(taskId), resultOf(reply)),

  encodeCancel: (taskId: TaskId): Frame => pairedCall("cancel", taskId),

  decodeCancel: (taskId: TaskId, reply: unknown): TaskReading => readJob(String(taskId), resultOf(reply)),

  decodeNotification: (): undefined => undefined,
};

function pairedCall(verb: "get" | "cancel", taskId: TaskId): Frame {
  const [noun, job] = String(taskId).split("/");
  return { method: "tools/call", params: { name: `${verb}_${noun}`, arguments: { job } } };
}

function resultOf(reply: unknown): ToolResult {
  const result = readToolResult(reply);
  if (!result) throw new MalformedReplyError("The reply to tools/call is not a tool result", reply);
  return result;
}

function readJob(taskId: string, result: ToolResult): TaskReading {
  const job: JsonObject = isObject(result.structuredContent) ? result.structuredContent : {};
  const status = STATUS[String(job.state)];
  if (!status) throw new MalformedReplyError("The job has no known state", result);
  const snapshot: SnapshotReading = {
    taskId,
    status,
    ...(typeof job.note === "string" && { statusMessage: job.note }),
    ...(typeof job.pollMs === "number" && { pollIntervalMs: job.pollMs }),
  };
  const ended = status === "completed" || status === "failed";
  return { snapshot, inputRequests: [], ...(ended && { payload: { kind: "result", result } }) };
}
