import { end, expired, lost, withoutPayload } from "./outcome.ts";
import { hasEnded, type TaskRecord } from "./record.ts";
import type { RequestFailure } from "./request-failure.ts";
import { revise } from "./revise.ts";
import { backoffDelay, deadline, type Timing } from "./schedule.ts";
import { type Backoff, NOTHING_OUT, type Operation, type TaskState } from "./state.ts";

/** How often a request is tried whose result is needed for the outcome. */
export const ATTEMPTS = 5;

export function retryLater(
  state: TaskState,
  failure: RequestFailure,
  now: number,
  timing: Timing,
): TaskState {
  const { record } = state;
  const failures = state.failures + 1;
  const since = state.retry?.since ?? record.silentSince ?? now;
  const running = record.stage === "running";
  const silent = failures >= ATTEMPTS && (running || record.stage === "queued");
  const ended = hasEnded(record);
  if (silent && running && now >= Math.max(ended ? 0 : deadline(record), since + timing.unreachableMs)) {
    const outcome = ended
      ? lost(`The task ended, but its result could not be fetched: ${failure.message}`)
      : expired(record, ` while its server could not be reached: ${failure.message}`);
    return end(state, outcome, now);
  }
  const demanded = demandedMs(failure, timing);
  const until = now + Math.max(demanded ?? 0, backoffDelay(state.record.id, failures, timing));
  // What the server demanded of one request outlasts the plainer failure of another.
  const demandedUntil = state.backoff?.demanded ? state.backoff.until : 0;
  const backoff: Backoff = {
    until: Math.max(until, demandedUntil),
    demanded: demanded !== undefined || demandedUntil > now,
  };
  const next = { ...state, failures, backoff, retry: { failure, since } };
  return revise(next, {
    // The next process must honour the demand. A plain backoff ends with the process.
    heldUntil: demanded ? backoff.until : record.heldUntil,
    silentSince: record.silentSince ?? (silent ? since : undefined),
  });
}

/** The state that remembers since when its server has not answered, and whether that is shorter than it may be away. */
export function unanswered(state: TaskState, now: number, { unreachableMs }: Timing): [TaskState, boolean] {
  const { silentSince = now } = state.record;
  return [revise(state, { silentSince }), now < silentSince + unreachableMs];
}

/** Whether the server asked for a retry later than now. */
export function mustWait({ backoff }: TaskState, now: number): boolean {
  return backoff?.demanded === true && now < backoff.until;
}

/** How long the server asks to be left alone, in ms. */
export function demandedMs(failure: RequestFailure, { maxPollMs }: Timing): number | undefined {
  return failure.kind === "http" && failure.retryAfterMs !== undefined
    ? Math.min(failure.retryAfterMs, maxPollMs)
    : undefined;
}

/**
 * The server has said that the task is over. A payload that it refuses, or that cannot be read, is asked for a few
 * times; then what it said instead is the outcome.
 */
export function payloadFailed(
  state: TaskState,
  failure: RequestFailure,
  now: number,
  timing: Timing,
): TaskState {
  // A server that cannot be reached has refused nothing.
  if (failure.kind !== "malformed" && failure.kind !== "rpc") return retryLater(state, failure, now, timing);
  const payloadRefusals = (state.payloadRefusals ?? 0) + 1;
  return payloadRefusals < ATTEMPTS
    ? retryLater({ ...state, payloadRefusals }, failure, now, timing)
    : end(state, withoutPayload(failure, state.record.snapshot), now);
}

/**
 * The wait that the server demanded of an earlier process, or the backoff between two searches for a lost call: many
 * short processes must not search sooner than a long one. A clock that was set back must not make it last for ever.
 */
export function inheritedBackoff(
  { id, heldUntil = 0, search }: TaskRecord,
  now: number,
  timing: Timing,
): Partial<Pick<TaskState, "backoff" | "failures">> {
  const demanded = Math.min(heldUntil, now + timing.maxPollMs);
  const backoff = search ? Math.min(search.at, now) + backoffDelay(id, search.tries, timing) : 0;
  const until = Math.max(demanded, backoff);
  return {
    ...(search && { failures: search.tries }),
    ...(until > now && { backoff: { until, demanded: true } }),
  };
}

/** The operation succeeded: it has left the requests in flight, and the state drops earlier failures. */
export function landed(state: TaskState, operation: Operation): TaskState {
  return withoutFailures(without(state, operation));
}

/** The server answers: the state drops earlier failures. */
export function withoutFailures(state: TaskState): TaskState {
  const next = reachable(state);
  if (next.backoff?.demanded || (!next.backoff && !next.retry && next.failures === 0)) return next;
  return { ...next, backoff: undefined, retry: undefined, failures: 0 };
}

/** The server has answered: it is not away. */
export function reachable(state: TaskState): TaskState {
  return state.record.silentSince === undefined ? state : revise(state, { silentSince: undefined });
}

/**
 * The same state by a wall clock that was set forward or back by `ms`: elapsed time decides what is due. A clock
 * set forward may as well be a computer that slept: then polls are due at once, and only what a server demanded waits on.
 */
export function movedBy(state: TaskState, ms: number): TaskState {
  const { backoff, retry, pollAt, listenAt, polledFrom, doubt = state.record.doubt } = state;
  const back = Math.min(ms, 0);
  return {
    ...state,
    pollAt: pollAt + back,
    listenAt: listenAt + back,
    ...(polledFrom !== undefined && { polledFrom: polledFrom + ms }),
    ...(doubt && { doubt: { ...doubt, since: doubt.since + ms } }),
    ...(backoff && { backoff: { ...backoff, until: backoff.until + (backoff.demanded ? ms : back) } }),
    ...(retry && { retry: { ...retry, since: retry.since + ms } }),
  };
}

/** Its reply has come, or never will. */
export function without(state: TaskState, operation: Operation): TaskState {
  const { inFlight } = state;
  if (!inFlight.has(operation)) return state;
  const left =
    inFlight.size > 1 ? new Set([...inFlight].filter((other) => other !== operation)) : NOTHING_OUT;
  return { ...state, inFlight: left };
}

/** What a person does need not wait out a backoff, only a time the server named. */
export function relaxed(state: TaskState): TaskState {
  return state.backoff?.demanded ? state : { ...state, backoff: undefined };
}
