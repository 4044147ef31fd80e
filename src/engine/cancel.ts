import { cutText } from "../protocol/bounds.ts";
import { traitsOf } from "../protocol/registry.ts";
import type { TaskReading } from "../protocol/task-reading.ts";
import { callFailed } from "./call.ts";
import { end } from "./outcome.ts";
import type { Policy } from "./policy.ts";
import { observed } from "./poll.ts";
import { hasEnded, type RecordedCancel } from "./record.ts";
import type { RequestFailure } from "./request-failure.ts";
import { ATTEMPTS, landed, relaxed, retryLater, without } from "./retry.ts";
import { revise } from "./revise.ts";
import type { Timing } from "./schedule.ts";
import type { TaskState } from "./state.ts";

/** For how many times the time to act on a cancel it is tried to have an unreachable server take it. */
const PATIENCE = 10;

export function cancelled(state: TaskState, now: number): TaskState {
  return state.record.cancel ? state : revise(relaxed(state), { cancel: { requestedAt: now } });
}

export function cancelTaken(
  state: TaskState,
  reading: TaskReading | undefined,
  now: number,
  timing: Policy,
): TaskState {
  const next = acknowledged(landed(state, "cancel"), now);
  return reading ? observed(next, reading, now, timing) : next;
}

/**
 * A wish to cancel has an end, whatever the server does: one that answers the request with anything but an
 * acknowledgement is asked a few times, and one that cannot be reached for ten times as long as it has to act on it.
 */
export function cancelFailed(
  state: TaskState,
  failure: RequestFailure,
  now: number,
  timing: Timing,
): TaskState {
  // 2025-11-25 refuses to cancel what has ended (-32602); a server without the method cannot.
  if (failure.kind === "rpc") return { ...acknowledged(state, now), pollAt: now };
  const cancelTries = (state.cancelTries ?? 0) + 1;
  const enough = cancelTries >= ATTEMPTS;
  const graces = since(state.record.cancel?.requestedAt ?? now, now) / timing.cancelGraceMs;
  const answered = failure.kind !== "network" && failure.kind !== "timeout";
  if (answered ? graces >= (enough ? 1 : PATIENCE) : enough && graces >= PATIENCE) {
    const detail = cutText(
      `The task may continue at its server: the request to cancel it failed. ${failure.message}`,
    );
    return end(state, { kind: "cancelled", confirmed: false, detail }, now);
  }
  return retryLater({ ...state, cancelTries }, failure, now, timing);
}

/** Whether it is too early to give up a server that cannot be reached to cancel the task there. */
export function mayStillCancel(cancel: RecordedCancel, now: number, timing: Timing): boolean {
  return since(cancel.requestedAt, now) < PATIENCE * timing.cancelGraceMs;
}

/** A clock that was set back meanwhile must not make it last for ever. */
function since(time: number, now: number): number {
  return Math.abs(now - time);
}

function acknowledged(state: TaskState, now: number): TaskState {
  return revise(state, { cancel: { requestedAt: now, ...state.record.cancel, acknowledgedAt: now } });
}

/**
 * Whether a call in flight is cancelled by abandoning its request, which notifies the server. In 2025-11-25 a call that
 * asked for a task is not: `tasks/cancel` cancels its task once the reply names it (cancellation, rule 3).
 */
export function abandonsCall({ record, inFlight }: TaskState): boolean {
  const { stage, cancel, generation, call } = record;
  if (stage !== "calling" || !cancel || !inFlight.has("call")) return false;
  return traitsOf(generation).abandonsCalls || !call.asTask;
}

/**
 * The request was given up before its reply came: unless it never left, nobody says whether the server still did the
 * work. Another process may have moved the task on since, and its record may know of no cancel.
 */
export function callAbandoned(state: TaskState, unsent: boolean, now: number, timing: Policy): TaskState {
  if (abandonsCall(state)) {
    const confirmed = unsent && !state.record.call.repeated;
    return end(state, { kind: "cancelled", confirmed }, now);
  }
  const failure: RequestFailure = {
    kind: "network",
    message: "The request was given up",
    ...(unsent && { unsent: true as const }),
  };
  return state.inFlight.has("call") ? callFailed(without(state, "call"), failure, now, timing) : state;
}

/** Ends what was cancelled and of which the server will not say so, or not in time. */
export function enforceCancel(state: TaskState, now: number, timing: Timing): TaskState {
  const { stage, cancel, call, stream } = state.record;
  if (!cancel) return state;
  // An earlier call whose reply never came may have run, whatever became of this one.
  const confirmed = !call.repeated;
  if (stage === "asking" || stage === "queued") return end(state, { kind: "cancelled", confirmed }, now);
  const isSent = !state.mayCall && !stream && call.recovery !== "repeat";
  const isOut = state.inFlight.size > 0 && !state.inFlight.has("describe");
  if (stage === "calling" && !isOut && !isSent) {
    // It is not sent, nor sent again: at the server there is nothing to cancel, or nothing to be found.
    return end(state, { kind: "cancelled", confirmed: state.mayCall && confirmed }, now);
  }
  // What has ended is not waited for: only its payload is, and that is its own affair.
  if (hasEnded(state.record)) return state;
  // In 2026-07-28 the server only acknowledges a cancel: after a bounded wait it counts.
  const { acknowledgedAt } = cancel;
  if (acknowledgedAt === undefined || since(acknowledgedAt, now) < timing.cancelGraceMs) return state;
  return end(state, { kind: "cancelled", confirmed: false }, now);
}
