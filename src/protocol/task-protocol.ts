import type { JsonObject } from "./json.ts";
import { revision2025 } from "./revision-2025-11-25.ts";
import { revision2026 } from "./revision-2026-07-28.ts";
import type { Session } from "./session.ts";
import type { CallReply, TaskPayload, TaskReading } from "./task-reading.ts";
import type { Generation } from "./task-snapshot.ts";
import type { ToolFacts } from "./tool-facts.ts";

/** One request before it has an id and an envelope. */
export interface Frame {
  readonly method: string;
  readonly params: JsonObject;
  /** Extra HTTP headers this request must carry. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A tool call as the record holds it: enough to send it, and to send it again. */
export interface ToolCall {
  readonly name: string;
  readonly arguments?: JsonObject;
  /** 2025-11-25: augment the request with `task`. In 2026-07-28 the server decides. */
  readonly asTask: boolean;
  /** The life asked for, in ms (2025-11-25 `task.ttl`). */
  readonly ttlMs?: number;
  readonly progressToken?: string;
  /** `Mcp-Param-*` headers (2026-07-28). */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a retried call carries back (2026-07-28 mrtr). */
export interface CallRetry {
  readonly inputResponses?: JsonObject;
  readonly requestState?: string;
}

/** A task's id as the server wrote it: a text by the specification, a number from some servers. */
export type TaskId = string | number;

/** What a caller may prefer where the protocol leaves a choice. */
export type TaskPreference = "task" | "plain";

/** How a generation differs from others in what it leaves to the client. Nothing outside `protocol/` compares generations for it. */
export interface TaskTraits {
  /** `tasks/get` carries the payload and the questions. Otherwise `tasks/result` brings the one and is open for the others. */
  readonly inline: boolean;
  /** All answers travel in one request. Otherwise each is the reply to a request of the server, also while the call runs. */
  readonly answersTogether: boolean;
  /** A server may list a task whose call had no reply. */
  readonly lists: boolean;
  /** Every call in flight is cancelled by abandoning its request. Otherwise one that asked for a task is cancelled with its task. */
  readonly abandonsCalls: boolean;
  /** The server pushes changes unasked, on its own stream. Without it, the server pushes them to subscriptions only. */
  readonly pushesOnStream: boolean;
}

/**
 * One generation of Tasks as pure functions. Every `decode` throws a MalformedReplyError
 * for a reply that breaks the protocol, and nothing else.
 */
export interface TaskProtocol {
  readonly generation: Generation;
  readonly traits: TaskTraits;
  /** Whether this call is to be sent as a task (or, in 2026-07-28, may become one). */
  mayBecomeTask(session: Session, tool: ToolFacts | undefined, preference: TaskPreference): boolean;
  /** Whether `tasks/list` can find a task whose id never arrived. */
  canList(session: Session): boolean;
  encodeCall(call: ToolCall, retry: CallRetry | undefined): Frame;
  decodeCall(call: ToolCall, result: unknown): CallReply;
  encodeGet(taskId: TaskId): Frame;
  decodeGet(taskId: TaskId, result: unknown): TaskReading;
  /** Fetches payload and questions where the task object does not carry them. */
  encodeResult?(taskId: TaskId): Frame;
  decodeResult?(result: unknown): TaskPayload;
  encodeList?(cursor: string | undefined): Frame;
  /** Tasks in a page that cannot be read are left out. */
  decodeList?(result: unknown): { readonly readings: readonly TaskReading[]; readonly nextCursor?: string };
  encodeUpdate?(taskId: TaskId, inputResponses: JsonObject): Frame;
  encodeCancel(taskId: TaskId): Frame;
  /** The task as cancelling left it, or `undefined` for a bare acknowledgement. */
  decodeCancel(taskId: TaskId, result: unknown): TaskReading | undefined;
  /** Reads a status notification, or `undefined` if this is not one. */
  decodeNotification(method: string, params: unknown): TaskReading | undefined;
}

/** @param generation Throws a TypeError without one: the call is queued, and its server was never reached. */
export function protocolOf(generation: Generation | undefined): TaskProtocol {
  switch (generation) {
    case undefined:
      throw new TypeError("The generation of a queued call is not known");
    case "2025-11-25":
      return revision2025;
    case "2026-07-28":
      return revision2026;
  }
}

/** @param generation Of a queued call it is not known, and none of the traits matters yet. */
export function traitsOf(generation: Generation | undefined): TaskTraits {
  return protocolOf(generation ?? "2026-07-28").traits;
}
