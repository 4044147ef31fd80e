import type { TaskRecord } from "./record.ts";
import { inheritedBackoff } from "./retry.ts";
import { nextPoll, type Timing } from "./schedule.ts";
import type { Operation, TaskEvent, TaskState } from "./state.ts";

/**
 * The state of a task that another process has moved on to this record. What this process has in flight stays so, and the
 * times that the server set still hold.
 */
export function rebased(
  state: TaskState,
  record: TaskRecord,
  inFlight: ReadonlySet<Operation>,
  now: number,
  timing: Timing,
): TaskState {
  const { backoff } = inheritedBackoff(record, now, timing);
  return {
    ...state,
    // A reading that is applied again must not count as a second one that agrees with it.
    doubt: undefined,
    doubtfulMs: undefined,
    // The store has a record of the task.
    ephemeral: undefined,
    record,
    inFlight,
    ...(backoff && backoff.until > (state.backoff?.until ?? 0) && { backoff }),
    mayCall: record.call.refused === true,
    // The other process has just received a reading of the task.
    pollAt: state.record.stage === "running" ? state.pollAt : nextPoll(record, timing, now),
  };
}

/** The events to apply once a task was rebased: those whose records were not stored, and a look at what is due. */
export function afterRebase(unsaved: readonly TaskEvent[]): readonly TaskEvent[] {
  // The app's own actions are repeated by the caller, where another process was faster.
  const received = unsaved.filter(({ type }) => type !== "answered" && type !== "cancelled");
  return [...received, { type: "due" }];
}
