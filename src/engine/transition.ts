import { called, callFailed, stillQueued } from "./call.ts";
import { callAbandoned, cancelFailed, cancelled, cancelTaken, enforceCancel } from "./cancel.ts";
import { withEffects, withEphemeral } from "./effects.ts";
import { end, failed, failureOf, lost } from "./outcome.ts";
import { withPace } from "./pace.ts";
import { plan } from "./plan.ts";
import type { OnFailure, Policy } from "./policy.ts";
import { notified, polled, pollFailed, pushing, woken } from "./poll.ts";
import { described, describeFailed } from "./queue.ts";
import type { RequestFailure } from "./request-failure.ts";
import { streamed, withoutStream } from "./response-stream.ts";
import { fetched, resultFailed } from "./result.ts";
import { relaxed, without } from "./retry.ts";
import { reusedId } from "./reused-id.ts";
import { NOTHING_OUT, type Operation, type TaskEvent, type TaskState, type Transition } from "./state.ts";

/**
 * The engine. Pure: from a state, an event and the time it says the next state, what to persist, what to send and what to
 * publish, in this order. Of several events, nothing is sent in between: a reply among them would count as that of the new request.
 */
export function transition(
  state: TaskState,
  event: TaskEvent | readonly TaskEvent[],
  now: number,
  policy: Policy,
): Transition {
  if (state.record.outcome) return { state: { ...state, inFlight: NOTHING_OUT }, commands: [] };
  const events = "type" in event ? [event] : event;
  let after = state;
  for (const next of events) {
    if (!after.record.outcome) after = enforceCancel(apply(after, next, now, policy), now, policy);
  }
  if (after.record.stage !== "calling") after = withoutStream(after);
  const planned = plan(after, now, policy);
  const record = withPace(state.record, planned, now, policy);
  const paced =
    record === state.record
      ? planned.state
      : { ...planned.state, record: { ...record, rev: state.record.rev + 1 } };
  return withEffects(state, withEphemeral(state, paced, policy), planned.commands, events, policy);
}

function apply(state: TaskState, event: TaskEvent, now: number, policy: Policy): TaskState {
  switch (event.type) {
    case "started":
      return { ...state, mayCall: true, attended: true };
    case "described":
      return described(state, event.description, now, policy);
    case "woken":
      return woken(state, event, now, policy);
    case "due":
      return event.nudge ? relaxed(state) : state;
    case "called":
      return called(state, event.reply, now, policy);
    case "streamed":
      return streamed(state, event.stream, now);
    case "polled":
      return polled(state, event.reading, now, policy);
    case "notified":
      return notified(state, event.reading, now, policy);
    case "reused":
      return end(state, lost(reusedId(state.record, event.by.snapshot)), now);
    case "pushing":
      return pushing(state, event.on, now, policy);
    case "fetched":
      return fetched(state, event.payload, now, policy);
    case "listed":
      return policy.recovery?.listed(state, event, now, policy) ?? state;
    case "cancelTaken":
      return cancelTaken(state, event.reading, now, policy);
    case "requestFailed": {
      const { operation, failure: given } = event;
      // A server that refuses the handshake says nothing of the task, which is asked after again.
      const handshake =
        operation !== "call" && operation !== "describe" && given.kind === "rpc" && given.unsent;
      const failure: RequestFailure = handshake ? { ...given, kind: "network" } : given;
      const back = without(state, operation);
      return failure.kind === "oversized"
        ? end(back, failed(failureOf(failure)), now)
        : ON_FAILURE[operation](back, failure, now, policy, event);
    }
    case "stillQueued":
      return stillQueued(state, now, policy);
    case "callAbandoned":
      return callAbandoned(state, event.unsent === true, now, policy);
    case "progressed":
      return { ...state, progress: event.progress };
    case "cancelled":
      return cancelled(state, now);
    case "asked":
    case "answered":
    case "delivered":
    case "undeliverable":
      return policy.questions?.questioned(state, event, now, policy) ?? state;
  }
}

/** What a failure of each request comes to. */
const ON_FAILURE: Readonly<Record<Operation, OnFailure>> = {
  describe: (state, failure, now, policy, request) =>
    state.record.stage === "calling"
      ? callFailed(state, { ...failure, unsent: true } as RequestFailure, now, policy, request)
      : describeFailed(state, failure, now, policy, request),
  call: callFailed,
  list: (state, failure, now, policy, request) =>
    policy.recovery?.listFailed(state, failure, now, policy, request) ?? state,
  get: pollFailed,
  result: resultFailed,
  answer: (state, failure, now, policy, request) =>
    policy.questions?.answerFailed(state, failure, now, policy, request) ?? state,
  cancel: cancelFailed,
};
