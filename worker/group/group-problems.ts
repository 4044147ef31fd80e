import { RequestFailedError, type RequestFailure } from "holdfast";
import type { GroupProblem } from "./task-group-rpc.ts";

interface Failed {
  readonly ok: false;
  readonly problem: GroupProblem;
}

export function problem(code: GroupProblem["code"], detail: string): Failed {
  return { ok: false, problem: { code, detail } };
}

export function unknownTask(id: string): Failed {
  return problem("unknown-task", `There is no task ${id}`);
}

/** Why the endpoint's server could not be asked. */
export function upstreamProblem(error: unknown): GroupProblem {
  const failure: RequestFailure | undefined = error instanceof RequestFailedError ? error.failure : undefined;
  if (failure?.kind === "unauthorized") {
    return { code: "upstream-unauthorized", detail: "The endpoint's server takes none of its credentials" };
  }
  const retryAfterMs = failure?.kind === "http" ? failure.retryAfterMs : undefined;
  const detail = failure ? failure.message : "The endpoint's server could not be asked";
  return { code: "upstream", detail, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}
