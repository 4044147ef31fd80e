import { called, callFailed, listed, listFailed } from "./call.ts";
import { callAbandoned, cancelFailed, cancelled, cancelTaken, enforceCancel } from "./cancel.ts";
import { effectsOf, type Policy, withEphemeral } from "./effects.ts";
import { answered, answerFailed, asked, delivered, undeliverable } from "./input.ts";
import { end, failed, failureOf } from "./outcome.ts";
import { withPace } from "./pace.ts";
import { plan } from "./plan.ts";
import { notified, polled, pollFailed, pushing, woken } from "./poll.ts";
import { described, describeFailed, stillQueued } from "./queue.ts";
import type { RequestFailure } from "./request-failure.ts";
import { streamed, withoutStream } from "./response-stream.ts";
import { fetched, resultFailed } from "./result.ts";
import { relaxed, without } from "./retry.ts";
import { DEFAULT_TIMING, type Timing } from "./schedule.ts";
import {
  type FailedRequest,
  NOTHING_OUT,
  type Operation,
  type TaskEvent,
  type TaskState,
  type Transition,
} from "./state.ts";

/**
 * The engine. Pure: from a state, an event and the time it says the next state, what to persist, what to send and what to
 * publish, in this order. Of several events, nothing is sent in between: a reply among them would count as that of the new request.
 */
export function transition(
  state: TaskState,
  event: TaskEvent | readonly TaskEvent[],
  now: number,
  policy: Policy = DEFAULT_TIMING,
): Transition {
  if (state.record.outcome) return { state: { ...state, inFlight: NOTHING_OUT }, commands: [] };
  const events = "type" in event ? [event] : event;
  let after = state;
  for (const next of events) {
    if (!after.record.outcome) after = enforceCancel(apply(after, next, now, policy), now, policy);
  }
  if (after.record.stage !== "calling") after = withoutStream(after);
  const { state: planned, commands } = plan(after, now);
  const record = withPace(state.record, { state: planned, commands }, now, policy);
  const paced =
    record === state.record ? planned : { ...planned, record: { ...record, rev: state.record.rev + 1 } };
  const next = withEphemeral(state, paced, policy);
  return { state: next, commands, ...effectsOf(state, next, events, policy) };
}

function apply(state: TaskState, event: TaskEvent, now: number, timing: Timing): TaskState {
  switch (event.type) {
    case "started":
      return { ...state, mayCall: true, attended: true };
    case "described":
      return described(state, event.description, now);
    case "woken":
      return woken(state, event, now, timing);
    case "due":
      return event.nudge ? relaxed(state) : state;
    case "called":
      return called(state, event.reply, now, timing);
    case "streamed":
      return streamed(state, event.stream, now);
    case "polled":
      return polled(state, event.reading, now, timing);
    case "notified":
      return notified(state, event.reading, now, timing);
    case "pushing":
      return pushing(state, event.on, now, timing);
    case "fetched":
      return fetched(state, event.payload, now, timing);
    case "listed":
      return listed(state, event, now, timing);
    case "delivered":
      return delivered(state, event.keys, now, timing);
    case "undeliverable":
      return undeliverable(state, event);
    case "cancelTaken":
      return cancelTaken(state, event.reading, now, timing);
    case "requestFailed": {
      const { operation, failure: given } = event;
      // A server that refuses the handshake says nothing of the task, which is asked after again.
      const handshake =
        operation !== "call" && operation !== "describe" && given.kind === "rpc" && given.unsent;
      const failure: RequestFailure = handshake ? { ...given, kind: "network" } : given;
      const back = without(state, operation);
      return failure.kind === "oversized"
        ? end(back, failed(failureOf(failure)), now)
        : ON_FAILURE[operation](back, failure, now, timing, event);
    }
    case "stillQueued":
      return stillQueued(state, now, timing);
    case "callAbandoned":
      return callAbandoned(state, event.unsent === true, now, timing);
    case "progressed":
      return { ...state, progress: event.progress };
    case "asked":
      return asked(state, event.request, now);
    case "answered":
      return answered(state, event.key, event.response);
    case "cancelled":
      return cancelled(state, now);
  }
}

/** What a failure of each request comes to. */
const ON_FAILURE: Readonly<
  Record<
    Operation,
    (
      state: TaskState,
      failure: RequestFailure,
      now: number,
      timing: Timing,
      request: FailedRequest,
    ) => TaskState
  >
> = {
  describe: describeFailed,
  call: callFailed,
  list: listFailed,
  get: pollFailed,
  result: resultFailed,
  answer: answerFailed,
  cancel: cancelFailed,
};
