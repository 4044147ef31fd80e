import type { TaskReading } from "../protocol/task-reading.ts";
import { mayHaveUnclaimedTask, type TaskRecord } from "./record.ts";
import type { TaskEvent } from "./state.ts";

/** How far the server's clock may be from ours, in ms. */
export const CLOCK_SKEW_MS: number = 5 * 60_000;

/** Whether a listed task that fits this record's lost call may as well be an unclaimed task of the other's. */
function isRival(record: TaskRecord, other: TaskRecord): boolean {
  if (other.id === record.id || other.endpoint !== record.endpoint || !mayHaveUnclaimedTask(other))
    return false;
  // Somebody may have set the clock back meanwhile.
  const lastSent = Math.max(other.createdAt, other.acceptedAt ?? other.settledAt ?? Number.POSITIVE_INFINITY);
  return lastSent >= record.createdAt - 4 * CLOCK_SKEW_MS;
}

/** The tasks of an endpoint that no record claims, and the records of calls that may be among them. */
export interface Unclaimed {
  readonly tasks: readonly TaskReading[];
  /** How many tasks were read, where the server lists more. */
  readonly readOf?: number | undefined;
  readonly calls: readonly TaskRecord[];
}

/**
 * What a list says of a lost call.
 * @param running The records that run in this process, whatever the store held when it was read.
 * @param isClaimed Whether a running record has claimed the task while the list was in flight.
 * @param isSuspected Whether an earlier lost call may have been the task.
 */
export function listedFor(
  record: TaskRecord,
  { tasks, calls, readOf }: Unclaimed,
  running: readonly TaskRecord[],
  isClaimed: (taskId: string) => boolean,
  isSuspected: (taskId: string) => boolean,
): TaskEvent & { type: "listed" } {
  const unclaimed = tasks.filter(({ snapshot }) => !isClaimed(snapshot.taskId));
  const rivals =
    [...calls, ...running].some((other) => isRival(record, other)) ||
    unclaimed.some(({ snapshot }) => isSuspected(snapshot.taskId));
  return { type: "listed", unclaimed, rivals, readOf };
}
