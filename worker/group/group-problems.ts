import { type Fault, RequestFaultError } from "holdfast";
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
  const fault: Fault | undefined = error instanceof RequestFaultError ? error.fault : undefined;
  if (fault?.kind === "unauthorized") {
    return { code: "upstream-unauthorized", detail: "The endpoint's server takes none of its credentials" };
  }
  const retryAfterMs = fault?.kind === "http" ? fault.retryAfterMs : undefined;
  const detail = fault ? fault.message : "The endpoint's server could not be asked";
  return { code: "upstream", detail, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}
