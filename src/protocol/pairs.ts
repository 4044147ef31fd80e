import { callParams } from "./call-params.ts";
import { defined, type JsonObject } from "./json.ts";
import { parameterHeaders } from "./parameter-headers.ts";
import type { Frame, TaskId, TaskProtocol, ToolCall } from "./task-protocol.ts";
import { type CallReply, expectTask, type TaskPage, type TaskReading } from "./task-reading.ts";

/** The requests of the protocol. A connector with pairs turns them into calls of the server's tools; they never leave as they are. */
export const PAIR_GET = "pairs/get";
export const PAIR_LIST = "pairs/list";
export const PAIR_CANCEL = "pairs/cancel";

/**
 * Start/get pairs: servers without Tasks that offer long work as several tools. Which tools, and where their results say what,
 * differs from endpoint to endpoint, so the connector reads each reply by its own description of the pair. What arrives
 * here is a `CallReply` or a `TaskReading` already. A task's id names its pair and its job, as `export/job-7`.
 */
export const pairs: TaskProtocol = {
  // Spoken over any of the servers' own protocols, and never agreed on.
  versions: ["pairs"],
  traits: { sessions: true, inline: true, answersTogether: false, lists: true, abandonsCalls: false },

  mayBecomeTask: (): boolean => true,

  // The tool that starts the job may be one of 2026-07-28 that wants them.
  parameterHeaders,

  canList: (capabilities: JsonObject): boolean => capabilities.list === true,

  encodeCall: (call: ToolCall): Frame => ({
    method: "tools/call",
    params: callParams(call),
    ...(call.headers && { headers: call.headers }),
  }),

  decodeCall: (_call: ToolCall, reply: unknown): CallReply => reply as CallReply,

  encodeGet: (taskId: TaskId): Frame => ({ method: PAIR_GET, params: { taskId } }),

  decodeGet: (taskId: TaskId, reply: unknown): TaskReading => expectTask(taskId, reply as TaskReading),

  encodeList: (cursor: string | undefined, { name, arguments: args }: ToolCall): Frame => ({
    method: PAIR_LIST,
    params: defined({ name, arguments: args, cursor }),
  }),

  decodeList: (reply: unknown): TaskPage => reply as TaskPage,

  encodeCancel: (taskId: TaskId): Frame => ({ method: PAIR_CANCEL, params: { taskId } }),

  // The next poll says what came of it.
  decodeCancel: (): undefined => undefined,

  decodeNotification: (): undefined => undefined,
};
