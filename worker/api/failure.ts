import type { ErrorHandler, NotFoundHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { log } from "../operations/log.ts";
import { ProblemError, problem, rendered, retryAfter } from "./problem.ts";

/** How long a caller is asked to wait when an object is overloaded or was just moved, in ms. */
const OBJECT_RETRY_MS = 1_000;

/**
 * What was thrown, as a problem. Only what was meant for the caller is told; anything else is an
 * `internal` one, with an id that is in the log beside what happened.
 */
export const onError: ErrorHandler = (error, c) => {
  if (error instanceof ProblemError) return rendered(c, error, c.req.path);
  if (error instanceof HTTPException) return httpProblem(error, c);
  const instance = `urn:uuid:${crypto.randomUUID()}`;
  const passing = passesByItself(error);
  log(passing ? "object-unavailable" : "internal-error", {
    instance,
    method: c.req.method,
    path: c.req.path,
    error: `${error.name}: ${error.message}`,
    stack: error.stack,
  });
  const told = passing
    ? new ProblemError(
        503,
        "unavailable",
        "The tasks cannot be reached at the moment.",
        retryAfter(OBJECT_RETRY_MS),
      )
    : new ProblemError(500, "internal", "Something went wrong here. It was logged under `instance`.");
  return rendered(c, told, instance);
};

export const notFound: NotFoundHandler = (c) =>
  problem(c, 404, "not-found", "There is nothing at this address.");

/** Hono's own: what its validators and the media type check find. */
const httpProblem = (error: HTTPException, c: Parameters<ErrorHandler>[1]): Response => {
  switch (error.status) {
    case 400:
      return problem(c, 422, "malformed", "The body is no JSON.");
    case 413:
      return problem(c, 413, "too-large", "The body is too large.");
    case 415:
      return problem(c, 415, "unsupported-media-type", "The body must be application/json.");
    default:
      return problem(c, 500, "internal", "Something went wrong here.");
  }
};

/** Errors of the platform about an object that is overloaded, moved or updated say so. */
function passesByItself(error: Error): boolean {
  const { retryable, overloaded } = error as { retryable?: unknown; overloaded?: unknown };
  return retryable === true || overloaded === true;
}
