import { mayHaveStray, type TaskRecord } from "./record.ts";

/** How far the server's clock may be from ours, in ms. */
export const CLOCK_SKEW_MS: number = 5 * 60_000;

/** Whether a listed task that fits this record's lost call may as well be a stray of the other's. */
export function isRival(record: TaskRecord, other: TaskRecord): boolean {
  if (other.id === record.id || other.endpoint !== record.endpoint || !mayHaveStray(other)) return false;
  // Somebody may have set the clock back meanwhile.
  const lastSent = Math.max(other.createdAt, other.acceptedAt ?? other.settledAt ?? Number.POSITIVE_INFINITY);
  return lastSent >= record.createdAt - 4 * CLOCK_SKEW_MS;
}
