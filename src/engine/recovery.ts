import { readTime } from "../protocol/time-stamp.ts";
import { mayStillCancel } from "./cancel.ts";
import { end, lost } from "./outcome.ts";
import type { Policy } from "./policy.ts";
import { observed } from "./poll.ts";
import type { Outcome } from "./record.ts";
import { isAway, type RequestFailure } from "./request-failure.ts";
import { ATTEMPTS, landed, reachable, retryLater, unanswered } from "./retry.ts";
import { revise } from "./revise.ts";
import type { FailedRequest, TaskEvent, TaskState } from "./state.ts";
import { CLOCK_SKEW_MS } from "./unclaimed-tasks.ts";

/** A call whose reply never came is one of the tasks nobody claims, if just one fits its time. */
export function listed(
  before: TaskState,
  event: TaskEvent & { type: "listed" },
  now: number,
  policy: Policy,
): TaskState {
  const state = landed(before, "list");
  if (state.record.stage !== "calling") return state;
  const { createdAt } = state.record;
  const fitting = event.unclaimed.filter(({ snapshot }) => {
    const made = readTime(snapshot.createdAt ?? "");
    return Number.isNaN(made) || (made >= createdAt - CLOCK_SKEW_MS && made <= now + CLOCK_SKEW_MS);
  });
  const [only] = fitting;
  if (only && fitting.length === 1 && !event.rivals)
    return observed(revise(state, { search: undefined }), only, now, policy);
  // The server may still be at work on the request, and rivals may yet find theirs: it is looked for a few times.
  const unclear = fitting.length > 0;
  const found = unclear
    ? "it is not clear which task of the server is this call"
    : "the server lists no task for it";
  const { readOf } = event;
  const message =
    readOf === undefined ? found : `${found} (the first ${readOf} tasks were read, and it lists more)`;
  // A wrong result would be worse than none.
  const candidates = fitting.map(({ snapshot }) => snapshot.taskId);
  const outcome: Outcome = { ...lostWithoutReply(message), ...(unclear && { candidates }) };
  return missed(state, { kind: "network", message }, outcome, now, policy);
}

/** Counted in the record: processes that live for one search each must not search for ever. */
function missed(
  state: TaskState,
  failure: RequestFailure,
  outcome: Outcome,
  now: number,
  policy: Policy,
): TaskState {
  const tries = (state.record.search?.tries ?? 0) + 1;
  if (tries >= ATTEMPTS) return end(state, outcome, now);
  const counted = { ...revise(state, { search: { tries, at: now } }), failures: tries - 1 };
  const next = retryLater(counted, failure, now, policy);
  // The server needs its time: no reload, and nothing a person does, makes the next search sooner.
  return next.backoff ? { ...next, backoff: { ...next.backoff, demanded: true } } : next;
}

/** A server that is away has not said that it lacks the task: only when it has been away for long do searches count. */
export function listFailed(
  before: TaskState,
  failure: RequestFailure,
  now: number,
  policy: Policy,
  { advanced }: FailedRequest,
): TaskState {
  // A list of many pages must not back off further with each that fails, while others come.
  const state = advanced ? { ...before, failures: 0 } : before;
  const outcome = lostWithoutReply(`tasks/list failed: ${failure.message}`);
  if (!isAway(failure)) return missed(reachable(state), failure, outcome, now, policy);
  const { cancel } = state.record;
  const [silent, mayBeAway] = unanswered(state, now, policy);
  const patient = cancel ? mayStillCancel(cancel, now, policy) : mayBeAway;
  return patient ? retryLater(silent, failure, now, policy) : missed(silent, failure, outcome, now, policy);
}

function lostWithoutReply(message: string): Outcome {
  return lost(`The call got no usable reply, and ${message}`);
}
