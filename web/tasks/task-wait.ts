import { duration, roughly } from "../app/duration.ts";
import type { ShownTask } from "../clients/hooks.ts";

/** How often a running task is asked for, and how long its server will keep it. */
export function waitOf({ snapshot, outcome, task }: ShownTask, now: number): string {
  if (outcome || !snapshot) return "";
  const { ttlMs, pollIntervalMs } = snapshot;
  const parts: string[] = [];
  if (pollIntervalMs !== undefined) parts.push(`every ${duration(pollIntervalMs)}`);
  if (ttlMs !== null) {
    const from = task.state.record.acceptedAt ?? task.createdAt;
    parts.push(`TTL ${roughly(from + ttlMs - now)}`);
  }
  return parts.join(" · ");
}
