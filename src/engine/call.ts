import type { CallReply } from "../protocol/task-reading.ts";
import { readTime } from "../protocol/time-stamp.ts";
import { mayStillCancel } from "./cancel.ts";
import { withQuestions } from "./input.ts";
import { end, failed, failureOf, lost } from "./outcome.ts";
import { observed } from "./poll.ts";
import { describeFailed, rejectsCached, requeued } from "./queue.ts";
import type { Outcome, TaskRecord } from "./record.ts";
import { isAway, isClientError, type RequestFailure, wasRefused } from "./request-failure.ts";
import { mayResume, withoutStream } from "./response-stream.ts";
import { ATTEMPTS, landed, reachable, retryLater, unanswered } from "./retry.ts";
import type { Timing } from "./schedule.ts";
import type { FailedRequest, TaskEvent, TaskState } from "./state.ts";
import { CLOCK_SKEW_MS } from "./unclaimed-tasks.ts";

/** How often a server may ask before it decides on a call. */
const ROUNDS = 20;

export function called(before: TaskState, reply: CallReply, now: number, timing: Timing): TaskState {
  const state = landed(before, "call");
  const { record } = state;
  if (record.stage !== "calling") return state;
  switch (reply.kind) {
    case "result":
      return end(state, { kind: "completed", result: reply.result }, now);
    case "task": {
      const accepted: TaskRecord = {
        ...record,
        // A server may make a task of a call that asked for none. It is one from here on.
        call: { ...record.call, asTask: true },
        // Questions of the call's own rounds are over. A request of the server waits for its answer all the same.
        inputs: record.inputs.filter(({ rpcId }) => rpcId !== undefined),
        ...(reply.immediateResponse !== undefined && { immediateResponse: reply.immediateResponse }),
      };
      return { ...observed({ ...state, record: accepted }, reply.reading, now, timing), mayCall: false };
    }
    case "input":
      return askedFirst(state, reply, now);
  }
}

/** The server wants input before it decides on the call (2026-07-28 mrtr). */
function askedFirst(state: TaskState, reply: CallReply & { kind: "input" }, now: number): TaskState {
  const { record } = state;
  if (record.call.rounds >= ROUNDS) {
    const message = `The server asked for input more than ${ROUNDS} times`;
    return end(state, failed({ reason: "rounds", message }), now);
  }
  const { requestState: _spent, ...call } = record.call;
  const asks = reply.requests.length > 0;
  return {
    ...state,
    // Without a question the call may be made again at once (mrtr, "Client Requirements").
    mayCall: !asks,
    record: {
      ...record,
      stage: asks ? "asking" : "calling",
      call: {
        ...call,
        rounds: call.rounds + 1,
        ...(reply.requestState !== undefined && { requestState: reply.requestState }),
      },
      inputs: withQuestions([], reply.requests, now),
    },
  };
}

export function callFailed(
  state: TaskState,
  failure: RequestFailure,
  now: number,
  timing: Timing,
  request?: FailedRequest,
): TaskState {
  const { stage, call, stream } = state.record;
  if (stage !== "calling") return state;
  const awaits = stream && mayResume(failure);
  if (awaits) {
    const [waiting, mayBeAway] = unanswered(state, now, timing);
    if (mayBeAway) return retryLater(waiting, failure, now, timing);
  }
  // Before there is a question, a call that never left can be described anew: the server may speak another generation now.
  if ("unsent" in failure && call.rounds === 0 && !stream)
    return describeFailed(requeued(state), failure, now, timing, request);
  if (rejectsCached(state, failure)) return requeued(state, failure);
  // What a reply said that nobody can read may have been a task, where that can be found out.
  const isEnd =
    failure.kind === "rpc" ||
    (failure.kind === "unauthorized" && state.attended) ||
    (failure.kind === "malformed" && call.recovery !== "list");
  if (isEnd && !awaits) return end(state, failed(failureOf(failure)), now);
  if (wasRefused(failure) && !stream) {
    const record: TaskRecord = { ...state.record, call: { ...call, refused: true } };
    return retryLater({ ...state, record, mayCall: true }, failure, now, timing);
  }
  if (isClientError(failure) && !stream) return end(state, failed(failureOf(failure)), now);
  // Those of a stream do not count: the call itself was made once.
  const failures = stream ? 0 : state.failures;
  if (call.recovery === "none" || (call.recovery === "repeat" && failures + 1 >= ATTEMPTS)) {
    return end(state, lost(`The call got no reply: ${failure.message}`), now);
  }
  return retryLater({ ...withoutStream(state), failures, mayCall: false }, failure, now, timing);
}

/** A call whose reply never came is one of the tasks nobody claims, if just one fits its time. */
export function listed(
  before: TaskState,
  event: TaskEvent & { type: "listed" },
  now: number,
  timing: Timing,
): TaskState {
  const state = landed(before, "list");
  if (state.record.stage !== "calling") return state;
  const { search: _over, ...record } = state.record;
  const { createdAt } = record;
  const fitting = event.unclaimed.filter(({ snapshot }) => {
    const made = readTime(snapshot.createdAt ?? "");
    return Number.isNaN(made) || (made >= createdAt - CLOCK_SKEW_MS && made <= now + CLOCK_SKEW_MS);
  });
  const [only] = fitting;
  if (only && fitting.length === 1 && !event.rivals) return observed({ ...state, record }, only, now, timing);
  // The server may still be at work on the request, and rivals may yet find theirs: it is looked for a few times.
  const unclear = fitting.length > 0;
  const message = unclear
    ? "it is not clear which task of the server is this call"
    : "the server lists no task for it";
  // A wrong result would be worse than none.
  const candidates = fitting.map(({ snapshot }) => snapshot.taskId);
  const outcome: Outcome = { ...lostWithoutReply(message), ...(unclear && { candidates }) };
  return missed(state, { kind: "network", message }, outcome, now, timing);
}

/** Counted in the record: processes that live for one search each must not search for ever. */
function missed(
  state: TaskState,
  failure: RequestFailure,
  outcome: Outcome,
  now: number,
  timing: Timing,
): TaskState {
  const { record } = state;
  const tries = (record.search?.tries ?? 0) + 1;
  if (tries >= ATTEMPTS) return end(state, outcome, now);
  const counted = { ...state, record: { ...record, search: { tries, at: now } }, failures: tries - 1 };
  const next = retryLater(counted, failure, now, timing);
  // The server needs its time: no reload, and nothing a person does, makes the next search sooner.
  return next.backoff ? { ...next, backoff: { ...next.backoff, demanded: true } } : next;
}

/** A server that is away has not said that it lacks the task: only when it has been away for long do searches count. */
export function listFailed(
  state: TaskState,
  failure: RequestFailure,
  now: number,
  timing: Timing,
): TaskState {
  const outcome = lostWithoutReply(`tasks/list failed: ${failure.message}`);
  if (!isAway(failure)) return missed(reachable(state), failure, outcome, now, timing);
  const { cancel } = state.record;
  const [silent, mayBeAway] = unanswered(state, now, timing);
  const patient = cancel ? mayStillCancel(cancel, now, timing) : mayBeAway;
  return patient ? retryLater(silent, failure, now, timing) : missed(silent, failure, outcome, now, timing);
}

function lostWithoutReply(message: string): Outcome {
  return lost(`The call got no reply, and ${message}`);
}
