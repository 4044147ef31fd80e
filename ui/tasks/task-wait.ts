import type { TaskView } from "holdfast";
import { duration, roughly } from "../app/duration.ts";

/** How long until a running task is asked for again, where that is known; its server may keep it only so long. */
export function waitOf(
  { snapshot, outcome, acceptedAt, createdAt }: TaskView,
  nextPollAt: number | undefined,
  now: number,
): string {
  if (outcome || !snapshot) return "";
  const { ttlMs, pollIntervalMs } = snapshot;
  const parts: string[] = [];
  const wait = nextPollIn(nextPollAt, now);
  if (wait !== undefined) parts.push(`next poll in ${wait}`);
  else if (pollIntervalMs !== undefined) parts.push(`every ${duration(pollIntervalMs)}`);
  if (ttlMs !== null) {
    const from = acceptedAt ?? createdAt;
    parts.push(`TTL ${roughly(from + ttlMs - now)}`);
  }
  return parts.join(" · ");
}

/** Shorter waits than this are over before they are read. */
const WORTH_TELLING_MS = 1_000;

export function nextPollIn(nextPollAt: number | undefined, now: number): string | undefined {
  const wait = (nextPollAt ?? now) - now;
  return wait < WORTH_TELLING_MS ? undefined : roughly(wait);
}
