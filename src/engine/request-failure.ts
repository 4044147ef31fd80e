import { INVALID_PARAMS, type RpcErrorBody } from "../protocol/json-rpc.ts";
import type { TaskReading } from "../protocol/task-reading.ts";

/** Why a request brought no usable reply. */
export type RequestFailure =
  /** No reply within the request's timeout. It may have been received, unless it never left. */
  | { readonly kind: "timeout"; readonly message: string; readonly unsent?: true }
  /** The connection failed or ended. The request may have been received, unless it never left. */
  | {
      readonly kind: "network";
      readonly message: string;
      readonly unsent?: true;
      /** The server no longer has the response stream, and with it the reply. */
      readonly forgotten?: true;
    }
  /** The server answered on the HTTP level. */
  | {
      readonly kind: "http";
      readonly status: number;
      readonly message: string;
      /** From `Retry-After`, in ms. */
      readonly retryAfterMs?: number;
      readonly unsent?: true;
    }
  /** No credentials that the server accepts. */
  | { readonly kind: "unauthorized"; readonly message: string }
  /** The server answered with a JSON-RPC error. */
  | {
      readonly kind: "rpc";
      readonly error: RpcErrorBody;
      readonly message: string;
      /** The HTTP status it came with, where that was an error too. */
      readonly status?: number;
      /** It refused the handshake, and not the request, which never left. */
      readonly unsent?: true;
    }
  /** The server answered with more than the client takes. */
  | { readonly kind: "oversized"; readonly message: string }
  /** The server answered with something that breaks the protocol. */
  | {
      readonly kind: "malformed";
      readonly message: string;
      /** What it answered with, cut if it is long. */
      readonly raw?: unknown;
      /** As much of the task as could be read all the same. */
      readonly reading?: TaskReading;
    };

/** Whether the server certainly did nothing with the request, so that it may be sent again. */
export function wasRefused(failure: RequestFailure): boolean {
  if (failure.kind === "unauthorized" || "unsent" in failure) return true;
  return (
    failure.kind === "http" &&
    (failure.status === 429 || (failure.status === 503 && failure.retryAfterMs !== undefined))
  );
}

/** What stands before a server says so where the server is not there; 408 and 425 ask to try again. */
const AWAY_STATUSES: ReadonlySet<number> = new Set([408, 425, 502, 503, 504]);

/** Whether the server may have been away: nothing follows about what it has. */
export function isAway(failure: RequestFailure): boolean {
  if (failure.kind === "network" || failure.kind === "timeout" || wasRefused(failure)) return true;
  return failure.kind === "http" && AWAY_STATUSES.has(failure.status);
}

/** The server answered on the HTTP level that the request itself is wrong, not the time. */
export function isClientError(failure: RequestFailure): failure is RequestFailure & { kind: "http" } {
  if (failure.kind !== "http") return false;
  const { status } = failure;
  return status >= 400 && status < 500 && status !== 408 && status !== 425;
}

/**
 * Whether the server does not have the task: -32602 by the specification, -32002 by older habit. Servers whose library has
 * one code for every exception (0, -32603) say it in words.
 */
export function isUnknownTask(failure: RequestFailure): boolean {
  if (failure.kind !== "rpc") return false;
  const { code, message } = failure.error;
  return code === INVALID_PARAMS || code === -32002 || NO_TASK.test(message.slice(0, 500));
}

/** "Task not found: t1", "Task 't1' does not exist", "unknown task", "No such task". A word between is an id. */
const NO_TASK =
  /\btask( ?id)?:? (with id )?(\S*[-\d"'`]\S* )?(was |is )?(not found|unknown|does(n't| not) exist)|(unknown|no such) task\b/i;
