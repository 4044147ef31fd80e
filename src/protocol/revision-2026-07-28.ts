import { callParams } from "./call-params.ts";
import { type InputRequest, readInputRequests } from "./input-request.ts";
import { defined, isObject, type JsonObject, jsonText } from "./json.ts";
import { readRpcError } from "./json-rpc.ts";
import { parameterHeaders, readHeaderParameters } from "./parameter-headers.ts";
import type { CallRetry, Frame, TaskId, TaskPreference, TaskProtocol, ToolCall } from "./task-protocol.ts";
import {
  acceptedTask,
  type CallReply,
  expectTask,
  findTask,
  MalformedReplyError,
  ofTask,
  readSnapshot,
  type TaskPayload,
  type TaskReading,
  taskReply,
} from "./task-reading.ts";
import type { SnapshotReading } from "./task-snapshot.ts";
import type { ToolFacts } from "./tool-facts.ts";
import { holdsContent, readToolResult } from "./tool-result.ts";

/** SEP-2663: the server decides what is a task, and `tasks/get` carries everything inline. */
export const revision2026: TaskProtocol = {
  versions: ["2026-07-28"],
  traits: {
    sessions: false,
    inline: true,
    answersTogether: true,
    lists: false,
    abandonsCalls: true,
    push: "subscription",
  },

  // The server's own capabilities are only advertised by the optional server/discover, and it may
  // answer any call with a task: so any call may become one.
  mayBecomeTask: (
    _capabilities: JsonObject,
    _tool: ToolFacts | undefined,
    _preference: TaskPreference,
  ): boolean => true,

  // streamable-http, "Schema Extension".
  readHeaders: readHeaderParameters,
  parameterHeaders,

  canList: (_capabilities: JsonObject): boolean => false,

  encodeCall(call: ToolCall, retry: CallRetry | undefined): Frame {
    return defined({
      method: "tools/call",
      params: { ...callParams(call), ...retry },
      headers: call.headers,
    });
  },

  decodeCall(_call: ToolCall, result: unknown): CallReply {
    if (!isObject(result)) throw new MalformedReplyError("The reply to tools/call is not an object");
    // Without a resultType, a task is one that says so itself.
    const bare = !holdsContent(result) && findTask(result) ? "task" : "complete";
    switch (result.resultType ?? bare) {
      case "complete": {
        const toolResult = readToolResult(result);
        if (!toolResult)
          throw new MalformedReplyError("The reply to tools/call is not a tool result", result);
        return { kind: "result", result: toolResult };
      }
      case "task":
        return taskReply(result, readReading(acceptedTask(result), "brief"));
      case "input_required": {
        const requests = readInputRequests(result.inputRequests);
        const { requestState } = result;
        if (
          requests.length === 0 &&
          isObject(result.inputRequests) &&
          Object.keys(result.inputRequests).length > 0
        ) {
          throw new MalformedReplyError("None of the server's inputRequests is a request");
        }
        if (requests.length === 0 && typeof requestState !== "string") {
          throw new MalformedReplyError(
            "The server wants input but sends neither inputRequests nor requestState",
          );
        }
        return { kind: "input", requests, ...(typeof requestState === "string" && { requestState }) };
      }
      default:
        throw new MalformedReplyError(`Unknown resultType ${jsonText(result.resultType)}`);
    }
  },

  encodeGet: (taskId: TaskId): Frame => ({ method: "tasks/get", params: { taskId } }),

  decodeGet(taskId: TaskId, result: unknown): TaskReading {
    // The specification's own examples say "task" here; anything else unknown is invalid (index, "ResultType").
    const resultType = isObject(result) ? (result.resultType ?? "complete") : "complete";
    if (resultType !== "complete" && resultType !== "task") {
      throw new MalformedReplyError(`Unknown resultType ${jsonText(resultType)}`);
    }
    return expectTask(taskId, readReading(ofTask(taskId, result), "detailed"));
  },

  encodeUpdate: (taskId: TaskId, inputResponses: JsonObject): Frame => ({
    method: "tasks/update",
    params: { taskId, inputResponses },
  }),

  encodeCancel: (taskId: TaskId): Frame => ({ method: "tasks/cancel", params: { taskId } }),

  decodeCancel: (_taskId: TaskId, _result: unknown): undefined => undefined,

  decodeNotification(method: string, params: unknown): TaskReading | undefined {
    return method === "notifications/tasks" ? readReading(params, "brief") : undefined;
  },
};

const NO_QUESTIONS: readonly InputRequest[] = [];

/**
 * A task in the reply to the call may be the bare `Task`, without the fields of its status; the
 * reply to `tasks/get` must have them. What a brief one lacks, the next poll brings.
 */
function readReading(task: unknown, form: "brief" | "detailed"): TaskReading {
  const snapshot = readSnapshot(task, "ttlMs", "pollIntervalMs");
  const fields = findTask(task) ?? {};
  switch (snapshot.status) {
    case "working":
    case "cancelled":
      return { snapshot, inputRequests: NO_QUESTIONS };
    case "input_required":
      if (form === "brief" && fields.inputRequests === undefined) return { snapshot };
      return { snapshot, inputRequests: readInputRequests(fields.inputRequests) };
    case "completed":
      return withPayload(snapshot, readResult(fields.result), form, fields);
    case "failed":
      return withPayload(snapshot, readError(fields.error), form, fields);
  }
}

function withPayload(
  snapshot: SnapshotReading,
  payload: TaskPayload | undefined,
  form: "brief" | "detailed",
  fields: JsonObject,
): TaskReading {
  if (payload) return { snapshot, payload, inputRequests: NO_QUESTIONS };
  const reading: TaskReading = { snapshot, inputRequests: NO_QUESTIONS };
  if (form === "brief") return reading;
  const field = snapshot.status === "failed" ? "error" : "result";
  throw new MalformedReplyError(`The reply holds no ${field} that can be read`, fields, reading);
}

function readResult(value: unknown): TaskPayload | undefined {
  const result = readToolResult(value);
  return result && { kind: "result", result };
}

function readError(value: unknown): TaskPayload | undefined {
  return isObject(value) ? { kind: "error", error: readRpcError(value) } : undefined;
}
