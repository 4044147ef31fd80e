import type { TaskView } from "holdfast";

/** As long as the group keeps what has ended, so at least as long as this from the beginning. In ms. */
export const TTL_MS = 7 * 24 * 3_600_000;
/** Where the server names no interval of its own, in ms. */
const POLL_MS = 1_000;

export function createdAt(task: TaskView): string {
  return new Date(task.createdAt).toISOString();
}

export function updatedAt({ createdAt, settledAt, snapshot }: TaskView): string {
  const said = snapshot?.lastUpdatedAt === undefined ? Number.NaN : Date.parse(snapshot.lastUpdatedAt);
  const at = settledAt ?? (Number.isNaN(said) ? createdAt : said);
  return new Date(Math.max(createdAt, at)).toISOString();
}

export function pollMs({ snapshot }: TaskView): number {
  return Math.max(1, Math.round(snapshot?.pollIntervalMs ?? POLL_MS));
}
