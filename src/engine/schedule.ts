import { LONGEST_WAIT_MS } from "../protocol/bounds.ts";
import type { TaskRecord } from "./record.ts";
import type { Ticks } from "./ticks.ts";

/** The engine's times, all in ms. */
export interface Timing {
  /** A poll is never sooner than this after the last, whatever the server suggests. */
  readonly minPollMs: number;
  /**
   * The cap on every wait a server names, poll intervals and `Retry-After` alike: a longer one counts as a mistake. It
   * caps `Retry-After` at an hour even if it is longer.
   */
  readonly maxPollMs: number;
  /** While the server pushes changes, polls are this much rarer. */
  readonly pushedPollFactor: number;
  /** And yet never rarer than this, unless the server asks for it. */
  readonly pushedPollMs: number;
  /** The first wait after a failure; it doubles with each further one. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** How long after an acknowledged cancel the server's word is waited for. */
  readonly cancelGraceMs: number;
  /** How long a server must have been unreachable before a task whose TTL has passed counts as expired. */
  readonly unreachableMs: number;
  /** Given, polls fall on ticks. */
  readonly ticks?: Ticks;
  /**
   * If set, the time of each poll is written before it is sent, so that the next process keeps
   * to its interval too. It costs a write a poll: for processes that end and begin again all the time.
   */
  readonly persistPace?: true;
}

const BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 60_000;

// Literals only: bundlers keep an unused object that has an expression in it, even in bundles without the engine.
export const DEFAULT_TIMING: Timing = {
  backoffMs: BACKOFF_MS,
  maxBackoffMs: MAX_BACKOFF_MS,
  minPollMs: 100,
  maxPollMs: LONGEST_WAIT_MS,
  pushedPollFactor: 10,
  pushedPollMs: 60_000,
  cancelGraceMs: 30_000,
  unreachableMs: 86_400_000,
};

/**
 * When to poll next, in ms since 1970: after the time the server asked for, within bounds. A server that
 * suggests nothing is asked after a tenth of the task's age, between 1 s and 16 s.
 */
export function nextPoll(
  record: TaskRecord,
  timing: Timing,
  now: number,
  pushed = false,
  interval: number = pollInterval(record, timing, now),
): number {
  const delay = pushed
    ? Math.max(interval, Math.min(interval * timing.pushedPollFactor, timing.pushedPollMs))
    : interval;
  return timing.ticks?.next(now, delay, timing.minPollMs) ?? now + delay;
}

/**
 * The first poll at or after a time, for a process that remembers no more than that time. The time may be due for other tasks: a task
 * accepted shortly before is polled no sooner than its server asked.
 */
export function pollFrom(record: TaskRecord, timing: Timing, from: number): number {
  const { acceptedAt = Number.POSITIVE_INFINITY } = record;
  // After a clock that was set back it says nothing.
  const first = acceptedAt <= from ? nextPoll(record, timing, acceptedAt) : from;
  return Math.max(first, timing.ticks?.from(from, pollInterval(record, timing, from)) ?? from);
}

/** The time between two polls that the server asks for, in ms, or what serves for it. */
export function pollInterval(record: TaskRecord, timing: Timing, now: number): number {
  const suggested = record.snapshot?.pollIntervalMs;
  if (suggested !== undefined) return clamp(suggested, timing.minPollMs, timing.maxPollMs);
  const tenth = clamp(
    (now - (record.acceptedAt ?? record.createdAt)) / 10,
    Math.max(1_000, timing.minPollMs),
    16_000,
  );
  return Math.max(timing.minPollMs, timing.ticks?.interval(tenth) ?? tenth);
}

/** Exponential backoff with jitter: a number from half to the whole of the step, the same for the same task and attempt. */
export function backoffDelay(
  id: string,
  failures: number,
  { backoffMs = BACKOFF_MS, maxBackoffMs = MAX_BACKOFF_MS }: Partial<Timing> = {},
): number {
  const step = Math.min(maxBackoffMs, backoffMs * 2 ** (failures - 1));
  return step * (0.5 + 0.5 * spread(`${id}/${failures}`));
}

/**
 * When the TTL has passed, by our own clock from the handle's arrival; Infinity without one. Servers name wrong
 * TTLs and clocks jump, so it never ends a task that the server still knows: it explains why a task is gone.
 */
export function deadline(record: TaskRecord): number {
  const ttl = record.snapshot?.ttlMs ?? null;
  return ttl === null ? Number.POSITIVE_INFINITY : (record.acceptedAt ?? record.createdAt) + ttl;
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}

/** FNV-1a of the text, as a fraction of 1. */
export function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0) / 0x1_0000_0000;
}
