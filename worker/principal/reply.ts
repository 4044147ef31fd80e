import type { GroupProblem, Reply } from "../group/task-group-rpc.ts";
import { ProblemError, retryAfter } from "../http/problem.ts";

const STATUS = {
  "unknown-task": 404,
  "unknown-tool": 404,
  "not-open": 409,
  running: 409,
  "invalid-answer": 422,
  "invalid-addressee": 422,
  overloaded: 429,
  upstream: 502,
  "upstream-unauthorized": 502,
} as const satisfies Record<GroupProblem["code"], number>;

/** Returns the value of a group's reply. Throws its problem as an HTTP problem. */
export function granted<T>(reply: Reply<T>): T {
  if (reply.ok) return reply.value;
  const { code, detail, retryAfterMs } = reply.problem;
  if (code === "unknown-task") throw unknownTask();
  const wait = retryAfterMs ?? (code === "overloaded" ? 1_000 : undefined);
  throw new ProblemError(STATUS[code], code, detail, wait === undefined ? {} : retryAfter(wait));
}

/** The same for an id that is no id, one nobody has, and one somebody else has. */
export function unknownTask(): ProblemError {
  return new ProblemError(404, "unknown-task", "There is no such task.");
}
