import { INTERNAL_ERROR } from "../protocol/error-codes.ts";
import type { CallReply } from "../protocol/task-reading.ts";
import { persisted } from "./effects.ts";
import { end, failed, failureOf, lost } from "./outcome.ts";
import type { Policy } from "./policy.ts";
import { observed } from "./poll.ts";
import { describeFailed, rejectsCached, requeued } from "./queue.ts";
import { isClientError, type RequestFailure, wasRefused } from "./request-failure.ts";
import { mayResume, withoutStream } from "./response-stream.ts";
import { ATTEMPTS, landed, retryLater, unanswered, without } from "./retry.ts";
import { revise } from "./revise.ts";
import type { FailedRequest, TaskState } from "./state.ts";

export function called(before: TaskState, reply: CallReply, now: number, policy: Policy): TaskState {
  const state: TaskState = { ...landed(before, "call"), reached: true };
  const { record } = state;
  if (record.stage !== "calling") return state;
  switch (reply.kind) {
    case "result":
      return end(state, { kind: "completed", result: reply.result }, now);
    case "task": {
      const accepted = revise(state, {
        // A server may make a task of a call that asked for none. It is one from here on.
        call: { ...record.call, asTask: true },
        // Questions of the call's own rounds are over. A request of the server waits for its answer all the same.
        inputs: record.inputs.filter(({ rpcId }) => rpcId !== undefined),
        immediateResponse: reply.immediateResponse,
      });
      return { ...observed(accepted, reply.reading, now, policy), mayCall: false };
    }
    case "input":
      // Without the part for them, the reply could not be read.
      return policy.questions?.askedFirst(state, reply, now) ?? state;
  }
}

/** The store could not take what says that the call is sent. It is not sent, and tried again later. */
export function stillQueued(state: TaskState, now: number, policy: Policy): TaskState {
  const message = "The call could not be stored, so it was not sent";
  return callFailed(
    persisted(without(state, "call")),
    { kind: "network", message, unsent: true },
    now,
    policy,
  );
}

export function callFailed(
  state: TaskState,
  failure: RequestFailure,
  now: number,
  policy: Policy,
  request?: FailedRequest,
): TaskState {
  const { stage, call, stream } = state.record;
  if (stage !== "calling") return state;
  const awaits = stream && mayResume(failure);
  if (awaits) {
    const [waiting, mayBeAway] = unanswered(state, now, policy);
    if (mayBeAway) return retryLater(waiting, failure, now, policy);
  }
  // Before there is a question, a call that never left can be described anew: the server may speak another generation now.
  if ("unsent" in failure && call.rounds === 0 && !stream)
    return describeFailed(requeued(state), failure, now, policy, request);
  if (rejectsCached(state, failure)) return requeued(state, failure);
  // What a reply said that nobody can read may have been a task, where that can be found out.
  // An internal error says nothing of an earlier try, which may be at work.
  const isEnd =
    (failure.kind === "rpc" && !(call.repeated && failure.error.code === INTERNAL_ERROR)) ||
    (failure.kind === "unauthorized" && state.attended) ||
    (failure.kind === "malformed" && call.recovery !== "list");
  if (isEnd && !awaits) return end(state, failed(failureOf(failure)), now);
  if (wasRefused(failure) && !stream) {
    const refused = revise(state, { call: { ...call, refused: true } });
    const reached = "unsent" in failure ? undefined : state.reached;
    return retryLater({ ...refused, mayCall: true, reached }, failure, now, policy);
  }
  if (isClientError(failure) && !stream) return end(state, failed(failureOf(failure)), now);
  // Those of a stream do not count: the call itself was made once.
  const failures = stream ? 0 : state.failures;
  if (call.recovery === "none" || (call.recovery === "repeat" && failures + 1 >= ATTEMPTS)) {
    return end(state, lost(`The call got no reply: ${failure.message}`), now);
  }
  return retryLater({ ...withoutStream(state), failures, mayCall: false }, failure, now, policy);
}
