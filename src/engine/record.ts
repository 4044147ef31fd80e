import type { InputRequest } from "../protocol/input-request.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { RpcErrorBody } from "../protocol/json-rpc.ts";
import { type Generation, traitsOf } from "../protocol/registry.ts";
import type { ResponseStream } from "../protocol/response-stream.ts";
import type { TaskPreference, ToolCall } from "../protocol/task-protocol.ts";
import { isTerminal, type TaskSnapshot } from "../protocol/task-snapshot.ts";
import type { ToolResult } from "../protocol/tool-result.ts";
import type { TraceContext } from "../protocol/trace-context.ts";
import type { Doubt } from "./reused-id.ts";

/** The version of {@link TaskRecord} this code writes. Raised whenever an older reader would misread it. */
export const RECORD_VERSION = 2;

/**
 * Where a record stands.
 * - `queued`: its `tools/call` has not been sent, or the server did nothing with it. The server is connected to and asked for
 *   its tools first.
 * - `calling`: a `tools/call` may have left; its reply has not been seen.
 * - `asking`: the server wants input before it decides (2026-07-28 mrtr); nothing is in flight.
 * - `running`: the server holds a task, and its id is known.
 * - `settled`: there is an outcome, and it never changes.
 */
export type Stage = "queued" | "calling" | "asking" | "running" | "settled";

/** How a call is found again when its reply never came. */
export type Recovery =
  /** Send it again: the tool declares that it is safe to repeat, or the caller chose so. */
  | "repeat"
  /** Look for it in `tasks/list`. */
  | "list"
  /** It cannot be found: its outcome is unknown. */
  | "none";

export interface RecordedCall extends ToolCall {
  /** What the caller chose, where it did. */
  readonly prefer?: TaskPreference;
  readonly repeatable?: boolean;
  /** The cached description of the tool is out of date: the server rejected how the call was made. */
  readonly stale?: true;
  readonly recovery: Recovery;
  /** Opaque state to echo on the next retry of the call (mrtr). */
  readonly requestState?: string;
  /** How often the server has asked for input before deciding. */
  readonly rounds: number;
  /** It was sent again without knowing what became of it before. */
  readonly repeated?: boolean;
  /** The server certainly did nothing with it, or it never left, and it is to be sent again: nothing is lost with the process. */
  readonly refused?: boolean;
  /** How long its reply may take, in ms, where that is not the timeout of every request. */
  readonly timeoutMs?: number;
}

/** A question and what became of it. Kept for the life of the task: one key is answered once. */
export interface RecordedInput extends InputRequest {
  readonly askedAt: number;
  readonly state: "open" | "answered" | "delivered" | "withdrawn";
  readonly response?: JsonObject;
  /** The task still waited after it was delivered: true while it has to be sent once more, false when that is done. */
  readonly resend?: boolean;
}

export interface RecordedCancel {
  readonly requestedAt: number;
  /** The server acknowledged; the task may still end otherwise. */
  readonly acknowledgedAt?: number;
}

/** Why a task without a result has none. */
export interface Failure {
  readonly reason: /** The server answered with a JSON-RPC error: `rpc`. */
    | "rpc"
    /** The server refused the call on the HTTP level: `httpStatus`. */
    | "http"
    /** The server takes none of the credentials. */
    | "unauthorized"
    /** The server could not be reached for a day (`Timing.unreachableMs`), and the call was never sent. */
    | "unreachable"
    /** The server answered the call, or ended the task, with something that cannot be read: `raw`. */
    | "malformed"
    /** The server reported the task as failed: `result` is what it gave. */
    | "reported"
    /** The result is larger than the client takes. */
    | "oversized"
    /** The server asked for input again and again before it decided. */
    | "rounds";
  readonly message: string;
  /** The JSON-RPC error, where the server gave one. */
  readonly rpc?: RpcErrorBody;
  /** The HTTP status, where the server refused on that level. */
  readonly httpStatus?: number;
  /** A 2025-11-25 task that failed and still had a result without `isError`. A long one is cut, and in `raw`. */
  readonly result?: ToolResult;
  /** The call was never sent: the method of the request before it that failed, such as `initialize` or `tools/list`. */
  readonly unsent?: string;
  /** What the server said instead of a result: the JSON value, or a text that is the beginning of a long one. */
  readonly raw?: unknown;
}

/** How a task ended. Written once. */
export type Outcome =
  /** The request ran to its end. `result.isError` says whether the tool itself failed. */
  | {
      readonly kind: "completed";
      readonly result: ToolResult;
      /** The store keeps the result apart, and `result` here is empty: `Task.result()` fetches it. */
      readonly apart?: true;
    }
  /** The request failed: a JSON-RPC error, or a refusal before there was a task. */
  | { readonly kind: "failed"; readonly error: Failure }
  /** `confirmed` is false when the server never said so within the bound; `detail` says why, where it took no request to cancel. */
  | { readonly kind: "cancelled"; readonly confirmed: boolean; readonly detail?: string }
  /** The task's TTL has passed, and the server has nothing more of it. */
  | { readonly kind: "expired"; readonly detail: string }
  /** What became of it cannot be known. `sent` says whether the work may have been done. */
  | { readonly kind: "lost"; readonly detail: string; readonly candidates?: readonly string[] };

/** All that is durable of one call. Plain data: it survives structured clone and JSON. Times are ms since 1970. */
export interface TaskRecord {
  readonly v: typeof RECORD_VERSION;
  /** Raised with every change. A store keeps the record with the higher one, in whatever order they are written. */
  readonly rev: number;
  /** Ours, made before the request leaves. */
  readonly id: string;
  readonly endpoint: string;
  /** The generation that the server speaks. Absent while the call is queued and the server was never reached. */
  readonly generation?: Generation;
  readonly stage: Stage;
  readonly call: RecordedCall;
  readonly createdAt: number;
  /** The trace that the call belongs to: each request about it carries this. */
  readonly trace?: TraceContext;
  /** Who is to learn of its end and of its questions; see `deliveries.ts`. */
  readonly addressees?: readonly string[];
  /** When the task handle arrived; the TTL counts from here, on our own clock. */
  readonly acceptedAt?: number;
  /** The server's. */
  readonly taskId?: string;
  /** When it was last asked after, or the handle came; written only where `Timing.persistPace` is chosen. */
  readonly polledAt?: number;
  readonly snapshot?: TaskSnapshot;
  /** What the server wants a model to read meanwhile. */
  readonly immediateResponse?: string;
  readonly inputs: readonly RecordedInput[];
  readonly cancel?: RecordedCancel;
  /** The call's reply never came, and so many lists did not show its task, in whatever process; the latest at `at`. */
  readonly search?: { readonly tries: number; readonly at: number };
  /** Of a plain call in flight: whichever process comes next awaits the reply on it. `at`: when this was written. */
  readonly stream?: ResponseStream & { readonly at: number };
  /** The server said `Retry-After`: before then no process sends anything about the task. It may be past. */
  readonly heldUntil?: number;
  /** Since when no request about the task has been answered: once several in a row have failed, or one list for a lost call. */
  readonly silentSince?: number;
  /** Readings whose `createdAt` is another, once one has brought news: not yet taken in, or the stamp is known to move. */
  readonly doubt?: Doubt;
  readonly outcome?: Outcome;
  readonly settledAt?: number;
}

/** Whether the server has not answered the call yet: it is queued, or in flight. */
export function isCall({ stage }: TaskRecord): boolean {
  return stage === "queued" || stage === "calling";
}

/** The questions that wait for an answer. */
export function openInputs(record: TaskRecord): readonly RecordedInput[] {
  if (record.inputs.length === 0) return record.inputs;
  return record.inputs.filter(({ state }) => state === "open");
}

/** The server has said that the task is over; what it came to may still have to be fetched. */
export function hasEnded({ snapshot }: TaskRecord): boolean {
  return snapshot !== undefined && isTerminal(snapshot.status);
}

/**
 * Whether the server may hold a task of this call that the record does not name: its reply never
 * came, or could not be read. Only 2025-11-25 lists tasks, so only there can it be taken for another's.
 */
export function mayHaveUnclaimedTask({ generation, call, stage, taskId, outcome }: TaskRecord): boolean {
  if (!traitsOf(generation).lists || !call.asTask) return false;
  if (call.repeated) return true;
  if (taskId !== undefined) return false;
  if (!outcome) return stage === "calling";
  switch (outcome.kind) {
    case "failed":
      return outcome.error.reason === "malformed";
    case "cancelled":
      return !outcome.confirmed;
    default:
      return outcome.kind === "lost";
  }
}

/**
 * The call was answered at once and never was a task: there is nothing to find again. One that asked first was
 * known to other tabs too: its outcome stops answers that come too late. One with addressees is to be delivered.
 */
export function endedAsPlainCall(record: TaskRecord): boolean {
  const { outcome, taskId, call, addressees } = record;
  if (addressees) return false;
  const answered = outcome?.kind === "completed" || outcome?.kind === "failed";
  // An earlier try may have made a task.
  if (call.asTask && call.repeated) return false;
  return answered && taskId === undefined && call.rounds === 0 && !mayHaveUnclaimedTask(record);
}
