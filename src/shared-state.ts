import type { TaskRecord } from "./engine/record.ts";
import type { Trouble } from "./engine/state.ts";
import type { TaskProgress } from "./protocol/task-snapshot.ts";

/** A task's state as tabs tell it each other. */
export interface SharedState {
  readonly record: TaskRecord;
  readonly progress?: TaskProgress;
  readonly trouble?: Trouble;
  /** When it is polled next, where that is known: ms since 1970. */
  readonly nextPollAt?: number;
}

/** With what there is of it. */
export function sharedState(
  record: TaskRecord,
  { progress, trouble }: Pick<SharedState, "progress" | "trouble">,
  nextPollAt: number | undefined,
): SharedState {
  return {
    record,
    ...(progress && { progress }),
    ...(trouble && { trouble }),
    ...(nextPollAt !== undefined && { nextPollAt }),
  };
}
