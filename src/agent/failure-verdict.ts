import type { Failure } from "../engine/record.ts";
import { RequestFailedError } from "../engine/request-failed.ts";
import type { RequestFailure } from "../engine/request-failure.ts";
import {
  ClientClosedError,
  InputError,
  TaskCancelledError,
  TaskExpiredError,
  TaskFailedError,
  TaskLostError,
  UnknownEndpointError,
} from "../errors.ts";
import { INVALID_REQUEST } from "../protocol/error-codes.ts";
import { isObject } from "../protocol/json.ts";
import { INVALID_PARAMS, METHOD_NOT_FOUND } from "../protocol/json-rpc.ts";
import { durationText } from "./duration-text.ts";
import { ADVICE, againIn, WHAT, withStatus } from "./messages.ts";

/** Whether a call may be made again: at once, after a while, with something changed, after a look at what was done, or not. */
export type RetryAdvice = "now" | "later" | "changed" | "check_first" | "no";

/** What is known of the work. `unknown`: it may have been done, or a part of it. */
export type WorkDone = "none" | "finished" | "unknown";

/** What a failure means to somebody who must act on it. */
export interface Verdict {
  /** One word for what happened. */
  readonly kind: string;
  /** What happened, to follow the name of the call. */
  readonly what: string;
  /** What the server said of it: its words, not ours. */
  readonly said?: string;
  readonly retry: RetryAdvice;
  /** What to do, where `retry` alone does not say it. */
  readonly advice?: string;
  readonly work: WorkDone;
  readonly retryAfterMs?: number;
  /** The JSON-RPC error code or the HTTP status. */
  readonly code?: number;
}

/** @param repeatable The tool declares that a second call does no harm. */
export function verdictOf(error: unknown, repeatable: boolean): Verdict {
  const again: RetryAdvice = repeatable ? "now" : "check_first";
  if (error instanceof TaskFailedError) return failed(error.failure, error.task.taskId !== undefined, again);
  if (error instanceof TaskCancelledError) return cancelled(error.confirmed);
  if (error instanceof TaskExpiredError) {
    return { kind: "expired", what: WHAT.expired, retry: again, work: "unknown" };
  }
  if (error instanceof TaskLostError) {
    return { kind: "lost", what: WHAT.lost, retry: again, work: "unknown" };
  }
  if (error instanceof RequestFailedError) return unreached(error.failure);
  if (error instanceof InputError) {
    return {
      kind: "answer",
      what: WHAT.answer,
      said: error.message,
      retry: "changed",
      advice: ADVICE.answer,
      work: "none",
    };
  }
  if (error instanceof UnknownEndpointError) {
    return { kind: "endpoint", what: WHAT.endpoint, retry: "no", work: "none" };
  }
  if (error instanceof ClientClosedError) {
    return {
      kind: "closed",
      what: WHAT.closed,
      retry: "later",
      advice: ADVICE.closed,
      work: "unknown",
    };
  }
  return unexpected(error);
}

function failed(failure: Failure, ran: boolean, again: RetryAdvice): Verdict {
  const said = failure.message;
  switch (failure.reason) {
    case "rpc":
      return answeredWithError(failure.rpc?.code, said, ran, again);
    case "http": {
      const status = failure.httpStatus ?? 0;
      const refused = status >= 400 && status < 500;
      return {
        kind: "failed",
        what: withStatus(refused ? WHAT.rejected : WHAT.failed, status),
        said,
        retry: refused ? "changed" : again,
        work: refused && !ran ? "none" : "unknown",
        code: status,
      };
    }
    case "unauthorized":
      return notSignedIn(said, ran ? "unknown" : "none");
    case "unreachable":
      return unreached({ kind: "network", message: said });
    case "malformed":
      return {
        kind: "failed",
        what: WHAT.unreadable,
        said,
        retry: again,
        work: "unknown",
      };
    case "reported":
      return {
        kind: "failed",
        what: WHAT.failed,
        said: resultText(failure) ?? said,
        retry: again,
        work: "unknown",
      };
    case "oversized":
      return {
        kind: "failed",
        what: WHAT.oversized,
        retry: "changed",
        advice: ADVICE.smaller,
        work: "finished",
      };
    case "rounds":
      return {
        kind: "failed",
        what: WHAT.rounds,
        retry: "changed",
        work: "none",
      };
  }
}

function answeredWithError(
  code: number | undefined,
  said: string,
  ran: boolean,
  again: RetryAdvice,
): Verdict {
  const coded = code === undefined ? {} : { code };
  if (!ran && (code === INVALID_PARAMS || code === INVALID_REQUEST)) {
    const advice = ADVICE.arguments;
    return { kind: "failed", what: WHAT.rejected, said, retry: "changed", advice, work: "none", ...coded };
  }
  if (!ran && code === METHOD_NOT_FOUND) {
    return { kind: "failed", what: WHAT.unknown, said, retry: "no", work: "none", ...coded };
  }
  return { kind: "failed", what: WHAT.failed, said, retry: again, work: "unknown", ...coded };
}

/** Text of a result that a server gave with a failed task. */
function resultText({ result }: Failure): string | undefined {
  const texts = result?.content.flatMap(({ type, text }) =>
    type === "text" && typeof text === "string" ? text : [],
  );
  return texts && texts.length > 0 ? texts.join(" ") : undefined;
}

function cancelled(confirmed: boolean): Verdict {
  const what = confirmed ? WHAT.cancelled : WHAT.unconfirmed;
  const retry = confirmed ? "now" : "check_first";
  return { kind: "cancelled", what, retry, advice: ADVICE.cancelled, work: "unknown" };
}

/** The request that would have made the call possible failed: the call never left. */
function unreached(failure: RequestFailure): Verdict {
  switch (failure.kind) {
    case "timeout":
    case "network":
      return {
        kind: "unreachable",
        what: WHAT.unreached,
        said: failure.message,
        retry: "later",
        work: "none",
      };
    case "http": {
      const wait = failure.retryAfterMs;
      const busy = failure.status === 429 || failure.status >= 500;
      return {
        kind: "unreachable",
        what: withStatus(WHAT.rejected, failure.status),
        said: failure.message,
        retry: busy ? "later" : "no",
        ...(wait !== undefined && { retryAfterMs: wait, advice: againIn(durationText(wait)) }),
        work: "none",
        code: failure.status,
      };
    }
    case "unauthorized":
      return notSignedIn(failure.message, "none");
    case "rpc":
      return {
        kind: "failed",
        what: WHAT.rejected,
        said: failure.message,
        retry: "changed",
        work: "none",
        code: failure.error.code,
      };
    case "oversized":
    case "malformed":
      return {
        kind: "failed",
        what: WHAT.unreadable,
        said: failure.message,
        retry: "no",
        work: "none",
      };
  }
}

function notSignedIn(said: string, work: WorkDone): Verdict {
  return {
    kind: "unauthorized",
    what: WHAT.unauthorized,
    said,
    retry: "changed",
    advice: ADVICE.signIn,
    work,
  };
}

/** Errors of other processes' clients are recognized by their shape: a second copy of a class is another class. */
function unexpected(error: unknown): Verdict {
  const { name, message, status, retryAfterMs } = (error ?? {}) as Partial<Record<string, unknown>>;
  const said = typeof message === "string" ? message : String(error);
  const wait = typeof retryAfterMs === "number" ? { retryAfterMs } : {};
  if (isObject(error) && name === "RemoteApiError" && typeof status === "number" && status > 0) {
    const busy = status === 429 || status >= 500;
    const what = withStatus(WHAT.rejected, status);
    const work = status >= 500 ? "unknown" : "none";
    return { kind: "refused", what, said, retry: busy ? "later" : "changed", work, code: status, ...wait };
  }
  return {
    kind: "error",
    what: WHAT.unexpected,
    said,
    retry: "check_first",
    advice: ADVICE.look,
    work: "unknown",
  };
}
