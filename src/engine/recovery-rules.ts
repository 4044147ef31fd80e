import type { OnFailure, Policy } from "./policy.ts";
import type { TaskEvent, TaskState } from "./state.ts";

/** How the engine finds a call again whose reply never came, where the client has that part: functions of `recovery.ts`. */
export interface RecoveryRules {
  /** Takes in the tasks of the server that no record claims. */
  listed(state: TaskState, event: TaskEvent & { type: "listed" }, now: number, policy: Policy): TaskState;
  readonly listFailed: OnFailure;
}
