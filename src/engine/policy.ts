import type { QuestionRules } from "./question-rules.ts";
import type { RecoveryRules } from "./recovery-rules.ts";
import type { RequestFailure } from "./request-failure.ts";
import type { Timing } from "./schedule.ts";
import type { FailedRequest, TaskState } from "./state.ts";

/** What the engine must know of the process that runs it, and of the parts of its client. */
export interface Policy extends Timing {
  /** Other tabs may hold handles of what runs here. */
  readonly shared?: boolean | undefined;
  /** Plain calls are persisted like tasks: the caller may be gone when they end. */
  readonly persistPlain?: boolean | undefined;
  /** Absent: questions of servers are not taken, and a call that needs an answer fails. */
  readonly questions?: QuestionRules | undefined;
  /** Absent: a call whose reply never came is not looked for. */
  readonly recovery?: RecoveryRules | undefined;
}

/** The state after a request has failed. */
export type OnFailure = (
  state: TaskState,
  failure: RequestFailure,
  now: number,
  policy: Policy,
  request: FailedRequest,
) => TaskState;
