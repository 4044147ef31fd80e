import { sameJson } from "../protocol/json.ts";
import type { TaskReading } from "../protocol/task-reading.ts";
import { readTime } from "../protocol/time-stamp.ts";
import { isOutdated, observe } from "./observe.ts";
import { end, expired, lost, outcomeOf } from "./outcome.ts";
import { dueByPace } from "./pace.ts";
import type { Policy } from "./policy.ts";
import { hasEnded, type TaskRecord } from "./record.ts";
import { isUnknownTask, type RequestFailure } from "./request-failure.ts";
import { withoutStream } from "./response-stream.ts";
import { inheritedBackoff, payloadFailed, retryLater, without, withoutFailures } from "./retry.ts";
import { doubted, isAnother, isOfEarlierTask, reusedId, SETTLED_MS, withDoubt } from "./reused-id.ts";
import { deadline, nextPoll, pollFrom, pollInterval, type Timing } from "./schedule.ts";
import { idleState, NOTHING_OUT, POLL_OUT, type TaskEvent, type TaskState } from "./state.ts";

/** Each poll that is answered tries the next so much sooner, down to what the server suggests: its limit may be gone. */
const PACE_EASE = 0.95;

/** How long after its last event a response stream is still resumed, in days of {@link Timing.unreachableMs}. */
const STREAM_DAYS = 7;

export function woken(
  state: TaskState,
  { fresh, dueFrom }: TaskEvent & { type: "woken" },
  now: number,
  timing: Timing,
): TaskState {
  const { stream } = state.record;
  // Processes that each end before the reply must not await it for ever.
  const isOver = stream && now > stream.at + STREAM_DAYS * timing.unreachableMs;
  const { record } = isOver ? withoutStream(state) : state;
  const byInterval = nextPoll(record, timing, now);
  // A process that was killed before a reply came has set its alarm for that reply's timeout, beyond the next poll.
  const byTicks = dueFrom === undefined ? now : Math.min(pollFrom(record, timing, dueFrom), byInterval);
  const byPace = fresh ? byInterval : (dueByPace(record, now, timing) ?? byTicks);
  return {
    ...idleState(record),
    ...inheritedBackoff(record, now, timing),
    mayCall: record.call.refused === true,
    // Of a task that has ended only the payload is missing.
    pollAt: hasEnded(record) ? now : byPace,
  };
}

export function polled(state: TaskState, reading: TaskReading, now: number, timing: Policy): TaskState {
  const known = state.record.snapshot;
  // The copy that the reading makes takes the request off: one of its own would be a fifth of the poll's work.
  const inFlight = state.inFlight === POLL_OUT ? NOTHING_OUT : without(state, "get").inFlight;
  const back = eased(withoutFailures(state), now, timing);
  const next = back.overtaken ? { ...back, overtaken: undefined } : back;
  // A notification came while the poll was in flight, and is newer: the next poll shows more.
  if (state.overtaken && isOutdated(state, reading.snapshot)) {
    // The notification said that it has ended: the poll that brings the payload could not leave sooner.
    const { record, doubtfulMs } = next;
    const pollAt = hasEnded(record) ? now : pacedPoll(record, next, doubtfulMs, now, timing);
    return { ...next, inFlight, pollAt };
  }
  const { status, statusMessage } = reading.snapshot;
  // A change that a poll brings was not pushed: the stream may be dead, and the polls are at full pace again.
  const pushed = state.pushed && known?.status === status && known.statusMessage === statusMessage;
  const shown = pushed === next.pushed ? next : { ...next, pushed };
  const seen = taken(shown, reading, now, timing, inFlight);
  const { early } = seen;
  const after = early ? { ...seen, early: undefined } : seen;
  return early && hasEnded(after.record)
    ? end(after, outcomeOf(after.record.snapshot, early), now)
    : (timing.questions?.watchedForInput(after, state, reading.inputRequests, now) ?? after);
}

export function notified(state: TaskState, reading: TaskReading, now: number, timing: Policy): TaskState {
  if (state.record.taskId !== reading.snapshot.taskId) return state;
  // A poll finds out whether it was this task's.
  if (isOfEarlierTask(state, reading.snapshot)) return pushing(state, false, now, timing);
  const next = state.pushed ? state : { ...state, pushed: true };
  // An outdated one says nothing of now: the next poll stays when it is.
  if (isOutdated(next, reading.snapshot)) return next;
  const overtaken = next.inFlight.has("get") ? ({ overtaken: true } as const) : {};
  return taken({ ...next, ...overtaken }, reading, now, timing);
}

/** When pushing ends, something may have been missed: the next poll is at the ordinary pace. */
export function pushing(state: TaskState, on: boolean, now: number, timing: Timing): TaskState {
  const next = { ...state, pushed: on };
  return on
    ? next
    : { ...next, pollAt: Math.min(state.pollAt, planned(next.record, next, next.doubtfulMs, now, timing)) };
}

/** Takes in what a request brought, and says when the next poll is due. */
export function observed(state: TaskState, reading: TaskReading, now: number, timing: Policy): TaskState {
  return taken(state, reading, now, timing, state.inFlight);
}

/** @param inFlight Of the next state, if the reading is a reply. That of a notification is partial. */
function taken(
  state: TaskState,
  reading: TaskReading,
  now: number,
  timing: Policy,
  inFlight?: TaskState["inFlight"],
): TaskState {
  const { snapshot } = reading;
  const partial = !inFlight;
  const left = inFlight ?? state.inFlight;
  // Another process may have made the call again meanwhile: then its task is the one of the record.
  if (snapshot.taskId !== (state.record.taskId ?? snapshot.taskId)) return { ...state, inFlight: left };
  const before = state.doubt ?? state.record.doubt;
  const doubt = doubted(state, snapshot, now);
  if (doubt && !partial && isAnother(doubt, before, snapshot, state.polledFrom))
    return end(state, lost(reusedId(state.record, doubt)), now);
  const seen = observe(state.record, reading, now, partial, timing.questions);
  // Until it is clear whose it is, the reading changes nothing but the pace.
  const withheld = doubt !== undefined && !doubt.moves;
  const { lastUpdatedAt = "" } = snapshot;
  const record = withDoubt(withheld ? state.record : seen, doubt, seen !== state.record);
  // While no stamp differs from the record's, that one serves: to read a stamp costs a tenth of a poll.
  const isStored = lastUpdatedAt === record.snapshot?.lastUpdatedAt;
  const stamp = isStored && state.stampedAt === undefined ? 0 : readTime(lastUpdatedAt);
  const own = pollInterval(state.record, timing, now);
  const doubtfulMs =
    hasEnded(seen) && doubt !== before
      ? // Of a task that has ended, nothing is asked but whether it is this one.
        Math.min(own, SETTLED_MS)
      : // Whichever task the reading is about, the server asks to be polled no sooner.
        Math.max(own, pollInterval(seen, timing, now));
  // A reading that names no interval leaves the one of the reading that was withheld.
  const keptMs = snapshot.pollIntervalMs === undefined ? state.doubtfulMs : undefined;
  const { progress } = reading;
  // Progress that did not change is not published.
  const moves = progress !== undefined && !withheld && !sameJson(progress, state.progress);
  const intervalMs = withheld ? doubtfulMs : keptMs;
  // Of a task that is known to have ended from now on, only the payload is missing.
  const justEnded = hasEnded(record) && !hasEnded(state.record);
  // One copy: of a poll that brings nothing new, it is most of the work.
  return {
    ...state,
    inFlight: left,
    progress: moves ? progress : state.progress,
    record,
    doubt,
    doubtfulMs: intervalMs,
    stampedAt: !stamp || withheld || justEnded ? state.stampedAt : isStored ? undefined : stamp,
    pollAt: justEnded ? now : pacedPoll(record, state, intervalMs, now, timing),
  };
}

function pacedPoll(
  record: TaskRecord,
  state: TaskState,
  intervalMs: number | undefined,
  now: number,
  timing: Timing,
): number {
  return Math.max(planned(record, state, intervalMs, now, timing), now + (state.paceMs ?? 0));
}

function planned(
  record: TaskRecord,
  { pushed }: TaskState,
  intervalMs: number | undefined,
  now: number,
  timing: Timing,
): number {
  return nextPoll(record, timing, now, pushed && !hasEnded(record), intervalMs);
}

export function pollFailed(
  state: TaskState,
  failure: RequestFailure,
  now: number,
  timing: Policy,
): TaskState {
  const { reading, ...said } = { reading: undefined, ...failure };
  // What can be read of it counts: the task may have ended.
  const seen = reading ? observed(state, reading, now, timing) : state;
  if (seen.record.outcome) return seen;
  if (hasEnded(seen.record) && !isUnknownTask(failure)) return payloadFailed(seen, said, now, timing);
  return isUnknownTask(failure)
    ? gone(state, failure, now)
    : retryLater(slowed({ ...seen, pollAt: now }, said, now, timing), said, now, timing);
}

/** A poll was refused for being too soon: had it come when the server now says, it would have been answered. */
function slowed(state: TaskState, failure: RequestFailure, now: number, timing: Timing): TaskState {
  // On ticks a process keeps no pace of its own: the next one would not know of it.
  if (timing.ticks || failure.kind !== "http" || failure.status !== 429) return state;
  if (failure.retryAfterMs === undefined) return state;
  const pace = Math.max(state.paceMs ?? 0, pollInterval(state.record, timing, now));
  return { ...state, paceMs: Math.min(pace + failure.retryAfterMs, timing.maxBackoffMs) };
}

function eased(state: TaskState, now: number, timing: Timing): TaskState {
  if (state.paceMs === undefined) return state;
  const sooner = Math.round(state.paceMs * PACE_EASE);
  return { ...state, paceMs: sooner > pollInterval(state.record, timing, now) ? sooner : undefined };
}

/** The server does not have the task, or no longer. */
export function gone(state: TaskState, failure: RequestFailure, now: number): TaskState {
  const { record } = state;
  // A server may delete a cancelled task at once (2025-11-25 tasks, "Task Cancellation").
  if (record.cancel?.acknowledgedAt !== undefined)
    return end(state, { kind: "cancelled", confirmed: false }, now);
  const deleted = now >= deadline(record);
  return end(
    state,
    deleted
      ? expired(record, `: ${failure.message}`)
      : lost(`The server no longer knows task ${record.taskId}: ${failure.message}`),
    now,
  );
}
