import type { Fault } from "../engine/fault.ts";
import type { Failure } from "../engine/record.ts";
import { RequestFaultError } from "../engine/request-fault.ts";
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
import { ANSWER_TASK, CHECK_TASK, LIST_TASKS } from "./companion-names.ts";
import { durationText } from "./duration-text.ts";

/** Whether a call may be made again: at once, after a while, with something changed, after a look at what was done, or not. */
export type RetryAdvice = "now" | "later" | "changed" | "check_first" | "no";

/** What is known of the work. `unknown`: it may have been done, or a part of it. */
export type WorkDone = "none" | "finished" | "unknown";

/** What a failure means to somebody who must act on it. */
export interface Verdict {
  /** One word for what happened. */
  readonly kind: string;
  /** What happened, as a clause that follows the name of the call. */
  readonly what: string;
  /** What the server said of it: its words, not ours. */
  readonly said?: string;
  readonly retry: RetryAdvice;
  /** What to do, as a clause, where `retry` alone does not say it. */
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
    const what = "expired: the server kept it for its time to live and no longer, and its result was not had";
    return { kind: "expired", what, retry: again, work: "unknown" };
  }
  if (error instanceof TaskLostError) {
    const what = "is lost: what became of it cannot be known";
    return { kind: "lost", what, retry: again, work: "unknown" };
  }
  if (error instanceof RequestFaultError) return unreached(error.fault);
  if (error instanceof InputError) {
    const advice = `mend the answer and call ${ANSWER_TASK} again, or look at what is asked with ${CHECK_TASK}`;
    return {
      kind: "answer",
      what: "did not take the answer",
      said: error.message,
      retry: "changed",
      advice,
      work: "none",
    };
  }
  if (error instanceof UnknownEndpointError) {
    return { kind: "endpoint", what: "has no server any more", retry: "no", work: "none" };
  }
  if (error instanceof ClientClosedError) {
    const advice = `call ${LIST_TASKS} once the application is back`;
    return {
      kind: "closed",
      what: "goes on, but the application shuts down",
      retry: "later",
      advice,
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
        what: refused ? `was refused (HTTP ${status})` : `failed (HTTP ${status})`,
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
        what: "was answered with nothing that can be read",
        said,
        retry: again,
        work: "unknown",
      };
    case "reported":
      return {
        kind: "failed",
        what: "failed",
        said: resultText(failure) ?? said,
        retry: again,
        work: "unknown",
      };
    case "oversized": {
      const advice = "call it again only if it can be asked for less";
      return {
        kind: "failed",
        what: "gave a larger result than can be taken",
        retry: "changed",
        advice,
        work: "finished",
      };
    }
    case "rounds":
      return {
        kind: "failed",
        what: "asked again and again before it began",
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
    const advice = "mend the arguments, then call it again";
    return { kind: "failed", what: "was refused", said, retry: "changed", advice, work: "none", ...coded };
  }
  if (!ran && code === METHOD_NOT_FOUND) {
    return { kind: "failed", what: "is not known to the server", said, retry: "no", work: "none", ...coded };
  }
  return { kind: "failed", what: "failed", said, retry: again, work: "unknown", ...coded };
}

/** Text of a result that a server gave with a failed task. */
function resultText({ result }: Failure): string | undefined {
  const texts = result?.content.flatMap(({ type, text }) =>
    type === "text" && typeof text === "string" ? text : [],
  );
  return texts && texts.length > 0 ? texts.join(" ") : undefined;
}

function cancelled(confirmed: boolean): Verdict {
  const what = confirmed
    ? "was cancelled before it ended"
    : "was cancelled, which the server took note of and never confirmed";
  const advice = "call it again only if it is wanted after all";
  return { kind: "cancelled", what, retry: confirmed ? "now" : "check_first", advice, work: "unknown" };
}

/** The request that would have made the call possible failed: the call never left. */
function unreached(fault: Fault): Verdict {
  switch (fault.kind) {
    case "timeout":
    case "network":
      return {
        kind: "unreachable",
        what: "did not reach its server",
        said: fault.message,
        retry: "later",
        work: "none",
      };
    case "http": {
      const wait = fault.retryAfterMs;
      const busy = fault.status === 429 || fault.status >= 500;
      return {
        kind: "unreachable",
        what: `was turned away by its server (HTTP ${fault.status})`,
        said: fault.message,
        retry: busy ? "later" : "no",
        ...(wait !== undefined && { retryAfterMs: wait, advice: `call it again in ${durationText(wait)}` }),
        work: "none",
        code: fault.status,
      };
    }
    case "unauthorized":
      return notSignedIn(fault.message, "none");
    case "rpc":
      return {
        kind: "failed",
        what: "was refused",
        said: fault.message,
        retry: "changed",
        work: "none",
        code: fault.error.code,
      };
    case "oversized":
    case "malformed":
      return {
        kind: "failed",
        what: "met a server that cannot be understood",
        said: fault.message,
        retry: "no",
        work: "none",
      };
  }
}

function notSignedIn(said: string, work: WorkDone): Verdict {
  const advice = "ask the user to sign in to this server, then call it again";
  return {
    kind: "unauthorized",
    what: "needs credentials that the server accepts",
    said,
    retry: "changed",
    advice,
    work,
  };
}

/** Errors of other processes' clients are told by their shape: a second copy of a class is another class. */
function unexpected(error: unknown): Verdict {
  const { name, message, status, retryAfterMs } = (error ?? {}) as Partial<Record<string, unknown>>;
  const said = typeof message === "string" ? message : String(error);
  const wait = typeof retryAfterMs === "number" ? { retryAfterMs } : {};
  if (isObject(error) && name === "RemoteApiError" && typeof status === "number" && status > 0) {
    const busy = status === 429 || status >= 500;
    const what = `was turned away (HTTP ${status})`;
    const work = status >= 500 ? "unknown" : "none";
    return { kind: "refused", what, said, retry: busy ? "later" : "changed", work, code: status, ...wait };
  }
  const advice = `look with ${LIST_TASKS} whether it runs before you call it again`;
  return {
    kind: "error",
    what: "met an unexpected error",
    said,
    retry: "check_first",
    advice,
    work: "unknown",
  };
}
