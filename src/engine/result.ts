import { traitsOf } from "../protocol/registry.ts";
import type { TaskPayload } from "../protocol/task-reading.ts";
import { end, outcomeOf, reportedFailed, withoutPayload } from "./outcome.ts";
import type { Policy } from "./policy.ts";
import { gone } from "./poll.ts";
import { hasEnded } from "./record.ts";
import { isUnknownTask, type RequestFailure } from "./request-failure.ts";
import { landed, payloadFailed, retryLater } from "./retry.ts";
import { deadline, nextPoll, type Timing } from "./schedule.ts";
import type { TaskState } from "./state.ts";

/**
 * 2025-11-25 sends its questions on `tasks/result` ("Input Required Status"), which is opened while none is known, and no answer is
 * still to go: should its session be over, the question comes on a stream of the next one.
 */
export function wantsQuestions({ record }: TaskState): boolean {
  return (
    !traitsOf(record.generation).inline &&
    record.snapshot?.status === "input_required" &&
    !record.inputs.some(({ state, resend }) => state === "open" || state === "answered" || resend)
  );
}

/** Whether `tasks/result` is open for questions only: the task has not ended. */
export function awaitsQuestion({ record, inFlight }: TaskState): boolean {
  return inFlight.has("result") && record.snapshot !== undefined && !hasEnded(record);
}

/** Takes in what `tasks/result` gave. */
export function fetched(before: TaskState, payload: TaskPayload, now: number, policy: Policy): TaskState {
  const state = landed(before, "result");
  return (
    policy.questions?.early(state, payload, now, policy) ??
    end(state, outcomeOf(state.record.snapshot, payload), now)
  );
}

/**
 * Some servers do not let `tasks/result` wait for the task's end and answer at once: while the task waits for input that
 * nobody has given, the next poll says whether this is its end.
 */
export function early(
  state: TaskState,
  payload: TaskPayload,
  now: number,
  timing: Timing,
): TaskState | undefined {
  const { record } = state;
  const states = record.inputs.map((input) => input.state);
  const asks = states.includes("open") || states.includes("answered");
  const waits = asks || (record.snapshot?.status === "input_required" && !states.includes("delivered"));
  if (!waits || hasEnded(record)) return undefined;
  const pollAt = Math.min(state.pollAt, now + timing.minPollMs);
  return { ...state, early: payload, pollAt, listenAt: nextPoll(record, timing, now) };
}

export function resultFailed(
  state: TaskState,
  failure: RequestFailure,
  now: number,
  timing: Timing,
): TaskState {
  const { record } = state;
  if (!hasEnded(record)) {
    if (failure.kind === "http" && failure.retryAfterMs !== undefined)
      return retryLater(state, failure, now, timing);
    // It was only held open for questions: the polls go on, and it is opened again at their pace.
    return { ...state, listenAt: nextPoll(record, timing, now) };
  }
  if (failure.kind === "rpc") {
    // A failed task answers with the JSON-RPC error of its request (tasks, "Task Execution Errors").
    // Past its TTL the same code may mean that the server has deleted it: it has failed all the same.
    const unknown = isUnknownTask(failure);
    const itsEnd = record.snapshot?.status === "failed";
    if (unknown && !itsEnd) return gone(state, failure, now);
    if (unknown && now >= deadline(record)) return end(state, reportedFailed(record.snapshot), now);
    if (itsEnd) return end(state, withoutPayload(failure, record.snapshot), now);
  }
  return payloadFailed(state, failure, now, timing);
}
