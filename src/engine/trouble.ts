import type { Fault } from "./fault.ts";
import { end, expired } from "./outcome.ts";
import type { TaskRecord } from "./record.ts";
import { backoffDelay, deadline, type Timing } from "./schedule.ts";
import { type Hold, NOTHING_OUT, type Operation, type TaskState } from "./state.ts";

/** How often a thing is tried whose fate must be known at some time. */
export const ATTEMPTS = 5;

export function troubled(state: TaskState, fault: Fault, now: number, timing: Timing): TaskState {
  const failures = state.failures + 1;
  if (failures >= ATTEMPTS && now >= deadline(state.record)) {
    const how = ` while its server could not be reached: ${fault.message}`;
    return end(state, expired(state.record, how), now);
  }
  const demanded = fault.kind === "http" ? fault.retryAfterMs : undefined;
  const until = now + Math.max(demanded ?? 0, backoffDelay(state.record.id, failures, timing));
  // What the server demanded of one request outlasts the plainer fault of another.
  const held = state.hold?.demanded ? state.hold.until : 0;
  const hold: Hold = { until: Math.max(until, held), demanded: demanded !== undefined || held > now };
  return {
    ...state,
    // Whoever takes the task up while it lasts must know of it; of a mere backoff it need not.
    ...(demanded && { record: { ...state.record, heldUntil: hold.until } }),
    failures,
    hold,
    trouble: { fault, since: state.trouble?.since ?? now },
  };
}

/** The silence that the server demanded of an earlier process. A clock that was set back must not make it last for ever. */
export function inheritedHold(
  { heldUntil = 0 }: TaskRecord,
  now: number,
  timing: Timing,
): { readonly hold?: Hold } {
  const until = Math.min(heldUntil, now + timing.maxPollMs);
  return until > now ? { hold: { until, demanded: true } } : {};
}

/** A good reply: the operation is no longer out, and the faults before it are forgotten. */
export function landed(state: TaskState, operation: Operation): TaskState {
  const next = without(state, operation);
  if (next.hold?.demanded || (!next.hold && !next.trouble && next.failures === 0)) return next;
  const { hold: _hold, trouble: _gone, ...rest } = next;
  return { ...rest, failures: 0 };
}

/** Its reply has come, or never will. */
export function without(state: TaskState, operation: Operation): TaskState {
  const left = [...state.inFlight].filter((other) => other !== operation);
  return { ...state, inFlight: left.length > 0 ? new Set(left) : NOTHING_OUT };
}

/** What a person does need not wait out a backoff, only a time the server named. */
export function relaxed(state: TaskState): TaskState {
  return state.hold?.demanded ? state : withoutHold(state);
}

export function withoutHold(state: TaskState): TaskState {
  const { hold: _hold, ...rest } = state;
  return rest;
}
