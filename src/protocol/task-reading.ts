import { cutJson, cutText, MAX_RAW } from "./bounds.ts";
import type { InputRequest } from "./input-request.ts";
import { defined, isObject, type JsonObject, jsonText, own } from "./json.ts";
import type { RpcErrorBody } from "./json-rpc.ts";
import { IMMEDIATE_RESPONSE } from "./meta-keys.ts";
import { readTaskId, type SnapshotReading, type TaskProgress, type WireStatus } from "./task-snapshot.ts";
import type { ToolResult } from "./tool-result.ts";

/** What the request behind a task came to: the answer a plain `tools/call` would have had. */
export type TaskPayload =
  | { readonly kind: "result"; readonly result: ToolResult }
  | { readonly kind: "error"; readonly error: RpcErrorBody };

/**
 * One reading of a task. 2026-07-28 carries payload and questions inline; 2025-11-25 carries
 * neither: there the payload is fetched, and questions are sent, by `tasks/result`.
 *
 * `status: "failed"` means a JSON-RPC error in 2026-07-28, and also a tool result with
 * `isError` in 2025-11-25. Both arrive here as the payload says.
 */
export interface TaskReading {
  readonly snapshot: SnapshotReading;
  readonly payload?: TaskPayload;
  /** All questions open now (2026-07-28). Absent when the generation does not carry them inline. */
  readonly inputRequests?: readonly InputRequest[];
  /** How far the work is, in a protocol whose readings say so. */
  readonly progress?: TaskProgress;
}

/** One page of the tasks that a server lists. */
export interface TaskPage {
  readonly readings: readonly TaskReading[];
  readonly nextCursor?: string;
}

/** What a `tools/call` was answered with. */
export type CallReply =
  | { readonly kind: "result"; readonly result: ToolResult }
  | { readonly kind: "task"; readonly reading: TaskReading; readonly immediateResponse?: string }
  | {
      readonly kind: "input";
      readonly requests: readonly InputRequest[];
      /** Opaque; echoed untouched on the retry (mrtr, "Client Requirements"). */
      readonly requestState?: string;
    };

/** A reply that breaks the protocol. The record is kept, and the request is made again, a few times. */
export class MalformedReplyError extends Error {
  override readonly name = "MalformedReplyError";
  /** The reply, or its beginning. */
  readonly raw: unknown;
  /** As much of it as can be read. */
  readonly reading: TaskReading | undefined;

  constructor(message: string, raw?: unknown, reading?: TaskReading) {
    super(message);
    this.raw = cutJson(raw);
    this.reading = reading;
  }
}

/** By the name without case and separators. Drafts of SEP-1686 began with `submitted`; queues of jobs have words of their own. */
const STATUSES: Readonly<Record<string, WireStatus>> = {
  working: "working",
  submitted: "working",
  pending: "working",
  queued: "working",
  running: "working",
  inprogress: "working",
  inputrequired: "input_required",
  completed: "completed",
  complete: "completed",
  done: "completed",
  success: "completed",
  succeeded: "completed",
  failed: "failed",
  error: "failed",
  cancelled: "cancelled",
  canceled: "cancelled",
};

/** The status that a word of a server means. Case and separators do not matter. */
export function readStatus(value: unknown): WireStatus | undefined {
  if (typeof value !== "string" || value.length > 32) return undefined;
  return own(STATUSES, value) ?? own(STATUSES, value.toLowerCase().replace(/[\s_-]/g, ""));
}

/** How deep servers wrap a task: `{ task: { task: … } }`. */
const TASK_DEPTH = 4;

/** The task in a reply: the reply itself, or what it holds as `task`. */
export function findTask(reply: unknown): JsonObject | undefined {
  let value = reply;
  for (let depth = 0; depth < TASK_DEPTH && isObject(value); depth++, value = value.task)
    if (readTaskId(value.taskId) !== undefined && readStatus(value.status) !== undefined) return value;
  return undefined;
}

/**
 * The task that the reply to a call names as one. With a status that nobody knows it runs: were it left, its id would be
 * lost with it, and the call with its id.
 */
export function acceptedTask(task: JsonObject): JsonObject {
  return findTask(task) ? task : { ...task, status: "working" };
}

/** The reply to a request about one task, which need not name it again. */
export function ofTask(taskId: string | number, reply: unknown): unknown {
  const task = isObject(reply) && isObject(reply.task) ? reply.task : reply;
  return isObject(task) && (task.taskId === undefined || task.taskId === null) ? { ...task, taskId } : reply;
}

/**
 * Reads the fields both generations share. Identity and status must be there; a bad time stamp
 * or interval is no reason to lose a task, and reads as absent.
 */
export function readSnapshot(reply: unknown, ttlField: string, pollField: string): SnapshotReading {
  const value = findTask(reply) ?? reply;
  if (!isObject(value)) throw new MalformedReplyError("The reply holds no task object");
  const taskId = readTaskId(value.taskId);
  if (taskId === undefined) throw new MalformedReplyError("The task has no taskId");
  const status = readStatus(value.status);
  if (status === undefined) {
    const said = jsonText(value.status).slice(0, 100);
    throw new MalformedReplyError(`The task has no known status (${said})`);
  }
  const ttl = value[ttlField];
  const poll = value[pollField];
  // Field by field, for the least work: one is made with each poll.
  const snapshot: { -readonly [Field in keyof SnapshotReading]: SnapshotReading[Field] } = { taskId, status };
  if (typeof value.taskId === "number") snapshot.numericId = true;
  if (typeof value.statusMessage === "string") snapshot.statusMessage = cutText(value.statusMessage);
  if (isStamp(value.createdAt)) snapshot.createdAt = value.createdAt;
  if (isStamp(value.lastUpdatedAt)) snapshot.lastUpdatedAt = value.lastUpdatedAt;
  if (ttl === null || isDuration(ttl)) snapshot.ttlMs = ttl;
  if (isDuration(poll)) snapshot.pollIntervalMs = poll;
  return snapshot;
}

/** Of at most 64 characters: the record stores it. */
function isStamp(value: unknown): value is string {
  return typeof value === "string" && value.length <= 64;
}

function isDuration(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

/** The reading of a reply that is about this task. Throws a MalformedReplyError where it is about another. */
export function expectTask(taskId: string | number, reading: TaskReading): TaskReading {
  if (reading.snapshot.taskId === String(taskId)) return reading;
  throw new MalformedReplyError(`Asked for task ${taskId}, the server answered with another`);
}

/** A reply with a task, and the text a server may offer the model while it runs (2025-11-25 tasks, "Creating Tasks"). */
export function taskReply({ _meta }: JsonObject, reading: TaskReading): CallReply {
  const text = isObject(_meta) && _meta[IMMEDIATE_RESPONSE];
  const immediateResponse = typeof text === "string" ? cutText(text, MAX_RAW) : undefined;
  return defined({ kind: "task", reading, immediateResponse });
}
