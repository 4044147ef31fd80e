import type { JsonObject } from "./json.ts";
import type { HeaderParameter } from "./parameter-headers.ts";
import type { CallReply, TaskPage, TaskPayload, TaskReading } from "./task-reading.ts";
import type { ReadHeaders, ToolFacts } from "./tool-facts.ts";

/** One request before it has an id and an envelope. */
export interface Frame {
  readonly method: string;
  readonly params: JsonObject;
  /** Extra HTTP headers this request must carry. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a server recognises a repetition of a call by, so that the work is done once. */
export interface IdempotencyKey {
  /** The key of `_meta` under which it is sent. */
  readonly name: string;
  readonly value: string;
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
  /** The same with every attempt, in whatever process. */
  readonly idempotency?: IdempotencyKey;
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

/** How a protocol differs from others in what it leaves to the client. Nothing outside `protocol/` compares protocols for it. */
export interface TaskTraits {
  /**
   * A session is agreed once, by `initialize`: the server may give it an id, forget it, and send on a stream of its own.
   * Otherwise `server/discover` begins, and every request carries version, identity and capabilities in its `_meta`.
   */
  readonly sessions: boolean;
  /** `tasks/get` carries the payload and the questions. Otherwise `tasks/result` brings the one and is open for the others. */
  readonly inline: boolean;
  /** All answers travel in one request. Otherwise each is the reply to a request of the server, also while the call runs. */
  readonly answersTogether: boolean;
  /** A server may list a task whose call had no reply. */
  readonly lists: boolean;
  /** Every call in flight is cancelled by abandoning its request. Otherwise one that asked for a task is cancelled with its task. */
  readonly abandonsCalls: boolean;
  /** How the server pushes changes of a task: unasked, on its own stream, or to a subscription. Absent: it is only polled. */
  readonly push?: "stream" | "subscription";
}

/**
 * One protocol of tasks as pure functions. Every `decode` throws a MalformedReplyError
 * for a reply that breaks the protocol, and nothing else.
 */
export interface TaskProtocol {
  /** The protocol versions that a handshake may agree on, the newest first. */
  readonly versions: readonly [newest: string, ...older: string[]];
  readonly traits: TaskTraits;
  /** Whether this call is to be sent as a task (or, in 2026-07-28, may become one). */
  mayBecomeTask(
    serverCapabilities: JsonObject,
    tool: ToolFacts | undefined,
    preference: TaskPreference,
    toolName: string,
  ): boolean;
  /** Absent: no parameter of a tool travels as a header. */
  readonly readHeaders?: ReadHeaders;
  /** The headers of a call of a tool some of whose parameters travel so. Absent: the protocol sends none. */
  parameterHeaders?(parameters: readonly HeaderParameter[], args: JsonObject): Record<string, string>;
  /** Whether the server lists its tasks, so that one whose id never arrived can be found. */
  canList(serverCapabilities: JsonObject): boolean;
  encodeCall(call: ToolCall, retry: CallRetry | undefined): Frame;
  /** A protocol whose server ids do not say alone how to ask for a task makes the `taskId` of them and what they lack. */
  decodeCall(call: ToolCall, result: unknown): CallReply;
  encodeGet(taskId: TaskId): Frame;
  decodeGet(taskId: TaskId, result: unknown): TaskReading;
  /** Fetches payload and questions where the task object does not carry them. */
  encodeResult?(taskId: TaskId): Frame;
  decodeResult?(result: unknown): TaskPayload;
  /** @param call The call whose task is looked for: a list may be of one tool's tasks only. */
  encodeList?(cursor: string | undefined, call: ToolCall): Frame;
  /** Tasks in a page that cannot be read are left out. */
  decodeList?(result: unknown): TaskPage;
  encodeUpdate?(taskId: TaskId, inputResponses: JsonObject): Frame;
  encodeCancel(taskId: TaskId): Frame;
  /** The task as cancelling left it, or `undefined` for a bare acknowledgement. */
  decodeCancel(taskId: TaskId, result: unknown): TaskReading | undefined;
  /** Reads a status notification, or `undefined` if this is not one. */
  decodeNotification(method: string, params: unknown): TaskReading | undefined;
}
