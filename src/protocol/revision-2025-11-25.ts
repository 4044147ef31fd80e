import { isObject, type JsonObject } from "./json.ts";
import type { Session } from "./session.ts";
import type { CallRetry, Frame, TaskPreference, TaskProtocol, ToolCall } from "./task-protocol.ts";
import {
  type CallReply,
  MalformedReplyError,
  readImmediateResponse,
  readSnapshot,
  type TaskPayload,
  type TaskView,
} from "./task-view.ts";
import type { ToolFacts } from "./tool-facts.ts";
import { readToolResult } from "./tool-result.ts";

/** SEP-1686: the client asks for a task, and `tasks/result` holds the payload and the questions. */
export const revision2025: TaskProtocol = {
  generation: "2025-11-25",

  mayBecomeTask(session: Session, tool: ToolFacts | undefined, preference: TaskPreference): boolean {
    if (!serverTakesTaskCalls(session.serverCapabilities)) return false;
    switch (tool?.taskSupport ?? "forbidden") {
      case "forbidden":
        return false;
      case "optional":
        return preference === "task";
      case "required":
        return true;
    }
  },

  canList({ serverCapabilities }: Session): boolean {
    return isObject(serverCapabilities.tasks) && isObject(serverCapabilities.tasks.list);
  },

  encodeCall(call: ToolCall, _retry: CallRetry | undefined): Frame {
    return {
      method: "tools/call",
      params: {
        name: call.name,
        ...(call.arguments && { arguments: call.arguments }),
        ...(call.asTask && { task: call.ttlMs === undefined ? {} : { ttl: call.ttlMs } }),
        ...(call.progressToken !== undefined && { _meta: { progressToken: call.progressToken } }),
      },
    };
  },

  decodeCall(call: ToolCall, result: unknown): CallReply {
    if (isObject(result) && isObject(result.task)) {
      if (!call.asTask) throw new MalformedReplyError("The server made a task of a call that asked for none");
      const immediateResponse = readImmediateResponse(result);
      const view = readView(result.task);
      return { kind: "task", view, ...(immediateResponse !== undefined && { immediateResponse }) };
    }
    const toolResult = readToolResult(result);
    if (!toolResult) throw new MalformedReplyError("The reply to tools/call is neither a result nor a task");
    return { kind: "result", result: toolResult };
  },

  encodeGet: (taskId: string): Frame => ({ method: "tasks/get", params: { taskId } }),

  decodeGet(taskId: string, result: unknown): TaskView {
    return expectTask(taskId, readView(result));
  },

  encodeResult: (taskId: string): Frame => ({ method: "tasks/result", params: { taskId } }),

  decodeResult(result: unknown): TaskPayload {
    const toolResult = readToolResult(result);
    if (!toolResult) throw new MalformedReplyError("tasks/result gave no tool result");
    return { kind: "result", result: toolResult };
  },

  encodeList: (cursor: string | undefined): Frame => ({
    method: "tasks/list",
    params: cursor === undefined ? {} : { cursor },
  }),

  decodeList(result: unknown): { views: TaskView[]; nextCursor?: string } {
    if (!isObject(result) || !Array.isArray(result.tasks))
      throw new MalformedReplyError("tasks/list gave no list");
    const views = result.tasks.flatMap((task: unknown): TaskView[] => {
      try {
        return [readView(task)];
      } catch {
        return [];
      }
    });
    const { nextCursor } = result;
    return typeof nextCursor === "string" ? { views, nextCursor } : { views };
  },

  encodeCancel: (taskId: string): Frame => ({ method: "tasks/cancel", params: { taskId } }),

  decodeCancel(taskId: string, result: unknown): TaskView {
    return expectTask(taskId, readView(result));
  },

  decodeNotification(method: string, params: unknown): TaskView | undefined {
    return method === "notifications/tasks/status" ? readView(params) : undefined;
  },
};

function readView(task: unknown): TaskView {
  return { snapshot: readSnapshot(task, "ttl", "pollInterval") };
}

function expectTask(taskId: string, view: TaskView): TaskView {
  if (view.snapshot.taskId === taskId) return view;
  throw new MalformedReplyError(`Asked for task ${taskId}, the server answered with another`);
}

function serverTakesTaskCalls({ tasks }: JsonObject): boolean {
  if (!isObject(tasks) || !isObject(tasks.requests)) return false;
  return isObject(tasks.requests.tools) && isObject(tasks.requests.tools.call);
}
