import type { Policy } from "./policy.ts";
import type { RequestFailure } from "./request-failure.ts";
import type { FailedRequest, TaskEvent, TaskState } from "./state.ts";

/** How the engine finds a call again whose reply never came, where the client has that part: functions of `recovery.ts`. */
export interface RecoveryRules {
  /** Takes in the tasks of the server that no record claims. */
  listed(state: TaskState, event: TaskEvent & { type: "listed" }, now: number, policy: Policy): TaskState;
  listFailed(
    state: TaskState,
    failure: RequestFailure,
    now: number,
    policy: Policy,
    request: FailedRequest,
  ): TaskState;
}
