import type { TaskRecord } from "./record.ts";

/** How far the server's clock may be from ours, in ms. */
export const CLOCK_SKEW_MS: number = 5 * 60_000;

/**
 * Whether the server may hold a task of this call that the record does not name: its reply never
 * came, or could not be read. Only 2025-11-25 lists tasks, so only there can it be taken for another's.
 */
export function mayHaveStray({ generation, call, stage, taskId, outcome }: TaskRecord): boolean {
  if (generation !== "2025-11-25" || !call.asTask) return false;
  if (call.repeated) return true;
  if (taskId !== undefined) return false;
  if (!outcome) return stage === "calling";
  switch (outcome.kind) {
    case "failed":
      return outcome.error.reason === "malformed";
    case "cancelled":
      return !outcome.confirmed;
    default:
      return outcome.kind === "lost";
  }
}

/** Whether a listed task that fits this record's lost call may as well be a stray of the other's. */
export function isRival(record: TaskRecord, other: TaskRecord): boolean {
  if (other.id === record.id || other.endpoint !== record.endpoint || !mayHaveStray(other)) return false;
  // Somebody may have set the clock back meanwhile.
  const lastSent = Math.max(other.createdAt, other.acceptedAt ?? other.settledAt ?? Number.POSITIVE_INFINITY);
  return lastSent >= record.createdAt - 4 * CLOCK_SKEW_MS;
}
