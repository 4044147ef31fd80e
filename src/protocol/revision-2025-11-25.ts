import { callParams } from "./call-params.ts";
import { defined, isObject, type JsonObject } from "./json.ts";
import type { CallRetry, Frame, TaskId, TaskPreference, TaskProtocol, ToolCall } from "./task-protocol.ts";
import {
  acceptedTask,
  type CallReply,
  expectTask,
  findTask,
  MalformedReplyError,
  ofTask,
  readSnapshot,
  type TaskPage,
  type TaskPayload,
  type TaskReading,
  taskReply,
} from "./task-reading.ts";
import { isTerminal } from "./task-snapshot.ts";
import type { ToolFacts } from "./tool-facts.ts";
import { holdsContent, readToolResult } from "./tool-result.ts";

/** SEP-1686: the client asks for a task, and `tasks/result` holds the payload and the questions. */
export const revision2025: TaskProtocol = {
  // Tasks exist in the first only; in the others every call is a plain one.
  versions: ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05", "2024-10-07"],
  traits: {
    sessions: true,
    inline: false,
    answersTogether: false,
    lists: true,
    abandonsCalls: false,
    push: "stream",
  },

  mayBecomeTask(capabilities: JsonObject, tool: ToolFacts | undefined, preference: TaskPreference): boolean {
    if (!declares(capabilities, "requests", "tools", "call")) return false;
    switch (tool?.taskSupport ?? "forbidden") {
      case "forbidden":
        return false;
      case "optional":
        return preference === "task";
      case "required":
        return true;
    }
  },

  canList: (capabilities: JsonObject): boolean => declares(capabilities, "list"),

  encodeCall(call: ToolCall, _retry: CallRetry | undefined): Frame {
    return {
      method: "tools/call",
      params: {
        ...callParams(call),
        ...(call.asTask && { task: defined({ ttl: call.ttlMs }) }),
      },
    };
  },

  decodeCall(_call: ToolCall, result: unknown): CallReply {
    if (isObject(result) && isTask(result)) return taskReply(result, readReading(result));
    if (isObject(result) && isObject(result.task) && !isResult(result))
      return taskReply(result, readReading(acceptedTask(result.task)));
    const toolResult = readToolResult(result);
    if (!toolResult)
      throw new MalformedReplyError("The reply to tools/call is neither a result nor a task", result);
    return { kind: "result", result: toolResult };
  },

  encodeGet: (taskId: TaskId): Frame => ({ method: "tasks/get", params: { taskId } }),

  decodeGet(taskId: TaskId, result: unknown): TaskReading {
    return expectTask(taskId, readReading(ofTask(taskId, result)));
  },

  encodeResult: (taskId: TaskId): Frame => ({ method: "tasks/result", params: { taskId } }),

  decodeResult(result: unknown): TaskPayload {
    const toolResult = readToolResult(result);
    if (!toolResult) throw new MalformedReplyError("tasks/result gave no tool result", result);
    return { kind: "result", result: toolResult };
  },

  encodeList: (cursor: string | undefined): Frame => ({
    method: "tasks/list",
    params: cursor === undefined ? {} : { cursor },
  }),

  decodeList(result: unknown): TaskPage {
    if (!isObject(result) || !Array.isArray(result.tasks))
      throw new MalformedReplyError("tasks/list gave no list");
    const readings = result.tasks.flatMap((task: unknown): TaskReading[] => {
      try {
        return [readReading(task)];
      } catch {
        return [];
      }
    });
    const { nextCursor } = result;
    return typeof nextCursor === "string" ? { readings, nextCursor } : { readings };
  },

  encodeCancel: (taskId: TaskId): Frame => ({ method: "tasks/cancel", params: { taskId } }),

  decodeCancel(taskId: TaskId, result: unknown): TaskReading | undefined {
    // An empty result acknowledges the request as 2026-07-28 does, and the next poll says what came of it.
    const task = findTask(ofTask(taskId, result));
    return task && expectTask(taskId, readReading(task));
  },

  decodeNotification(method: string, params: unknown): TaskReading | undefined {
    return method === "notifications/tasks/status" ? readReading(params) : undefined;
  },
};

/** Some servers put the result into the task, too, and may not know `tasks/result`. */
function readReading(task: unknown): TaskReading {
  const snapshot = readSnapshot(task, "ttl", "pollInterval");
  const given = isTerminal(snapshot.status) ? findTask(task)?.result : undefined;
  const result = holdsContent(given) && readToolResult(given);
  return result ? { snapshot, payload: { kind: "result", result } } : { snapshot };
}

/**
 * Whether a reply is a task and not a result, whatever was asked for. A result may have fields of any name, so that
 * beside content a task counts only where the reply holds it as `task`.
 */
function isTask(reply: JsonObject): boolean {
  return findTask(isResult(reply) ? reply.task : reply) !== undefined;
}

function isResult(reply: JsonObject): boolean {
  return holdsContent(reply) || reply.toolResult !== undefined;
}

/** Whether the server declares a capability of Tasks, by its path. Some say `true` where the specification has an object. */
function declares(capabilities: JsonObject, ...path: readonly string[]): boolean {
  let value: unknown = capabilities.tasks;
  for (const name of path) {
    if (value === true) return true;
    value = isObject(value) ? value[name] : undefined;
  }
  return value === true || isObject(value);
}
