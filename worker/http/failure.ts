import type { ErrorHandler, NotFoundHandler } from "hono";
import type { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { log } from "../operations/log.ts";
import { ProblemError, problem, rendered, retryAfter } from "./problem.ts";

/** How long a caller is asked to wait when an object is overloaded or was just moved, in ms. */
const OBJECT_RETRY_MS = 1_000;

/** What Hono's validators and media type check throw. */
const FOUND_BY_HONO: Readonly<Record<number, readonly [ContentfulStatusCode, string, string]>> = {
  400: [422, "malformed", "The body is not JSON."],
  413: [413, "too-large", "The body is too large."],
  415: [415, "unsupported-media-type", "The body must be application/json."],
};

/**
 * Answers a thrown error with a problem. A `ProblemError` is meant for the caller; any other error becomes an
 * `internal` problem, with an id that is in the log beside what happened.
 */
export const onError: ErrorHandler = (error, c) => {
  if (error instanceof ProblemError) return rendered(c, error, c.req.path);
  const found = isHttpException(error) && FOUND_BY_HONO[error.status];
  if (found) return problem(c, ...found);
  const instance = `urn:uuid:${crypto.randomUUID()}`;
  const passing = passesByItself(error);
  log(passing ? "object-unavailable" : "internal-error", {
    instance,
    method: c.req.method,
    path: c.req.path,
    error: `${error.name}: ${error.message}`,
    stack: error.stack,
  });
  const reported = passing
    ? new ProblemError(
        503,
        "unavailable",
        "The tasks cannot be reached at the moment.",
        retryAfter(OBJECT_RETRY_MS),
      )
    : new ProblemError(500, "internal", "Something went wrong here. It was logged under `instance`.");
  return rendered(c, reported, instance);
};

export const notFound: NotFoundHandler = (c) =>
  problem(c, 404, "not-found", "There is nothing at this address.");

/** By its shape: a bundler may bring more than one copy of Hono. */
function isHttpException(error: Error): error is HTTPException {
  const { status, getResponse } = error as Partial<HTTPException>;
  return typeof status === "number" && typeof getResponse === "function";
}

/** Errors of the platform about an object that is overloaded, moved or updated say so. */
function passesByItself(error: Error): boolean {
  const { retryable, overloaded } = error as { retryable?: unknown; overloaded?: unknown };
  return retryable === true || overloaded === true;
}
