import { traitsOf } from "../protocol/registry.ts";
import { abandonsCall } from "./cancel.ts";
import { end, lost } from "./outcome.ts";
import type { Policy } from "./policy.ts";
import { hasEnded, isCall, type TaskRecord } from "./record.ts";
import { revisedCall } from "./revise.ts";
import {
  type Command,
  NOTHING_OUT,
  type Operation,
  POLL_OUT,
  type TaskState,
  type Transition,
} from "./state.ts";

// The same for every task that waits or is polled: lists of their own would be a fifth of a poll's work.
const NONE: readonly Operation[] = [];
const ONLY_GET: readonly Operation[] = ["get"];
const NOTHING: readonly Command[] = [];
const POLL: readonly Command[] = [{ type: "send", operation: "get" }];

/** What to send now. */
export function plan(state: TaskState, now: number, policy: Policy): Transition {
  if (state.record.outcome) {
    const commands = [...state.inFlight].map((operation): Command => ({ type: "abandon", operation }));
    return { state: { ...state, inFlight: NOTHING_OUT }, commands };
  }
  if (abandonsCall(state)) return { state, commands: [{ type: "abandon", operation: "call" }] };
  if (state.backoff && now < state.backoff.until) return { state, commands: NOTHING };
  if (state.backoff) return plan({ ...state, backoff: undefined }, now, policy);
  const { record, inFlight } = state;
  const { stage, call, stream } = record;
  // A record may be of a client that had the part to look for it.
  const isLost = call.recovery === "none" || (call.recovery === "list" && !policy.recovery);
  if (stage === "calling" && !state.mayCall && !stream && isLost && inFlight.size === 0) {
    const detail = "The process ended after the call was sent and before its reply arrived";
    return plan(end(state, lost(detail), now), now, policy);
  }
  const all = wantedOperations(state, now, policy);
  const wanted = inFlight.size === 0 ? all : all.filter((operation) => !inFlight.has(operation));
  if (wanted.length === 0) return { state, commands: NOTHING };
  const polls = wanted.includes("get");
  const onlyPolls = polls && wanted.length + inFlight.size === 1;
  const calls = wanted.includes("call");
  const repeats = calls && !state.mayCall && !stream && !call.repeated;
  // From here on the outcome is unknown until the reply comes.
  const sent = repeats || (calls && call.refused);
  const sentCall = sent && revisedCall(record, { refused: undefined, repeated: repeats || call.repeated });
  return {
    state: {
      ...state,
      record: sentCall ? { ...record, call: sentCall } : record,
      inFlight: onlyPolls ? POLL_OUT : new Set([...inFlight, ...wanted]),
      mayCall: wanted.includes("describe") && state.mayCall,
      polledFrom: polls ? now : state.polledFrom,
      overtaken: polls ? undefined : state.overtaken,
    },
    commands: onlyPolls ? POLL : wanted.map((operation) => ({ type: "send", operation })),
  };
}

function wantedOperations(state: TaskState, now: number, { questions }: Policy): readonly Operation[] {
  const { record } = state;
  const answers = questions !== undefined && questions.answersToSend(record).length > 0;
  switch (record.stage) {
    case "queued":
      return ["describe"];
    case "calling":
      // A plain 2025-11-25 call may be asked while it runs; later it is too late to recover it.
      // In 2026-07-28 the answers are in the call in flight (mrtr).
      if (state.inFlight.size > 0) {
        return answers && !traitsOf(record.generation).answersTogether ? ["answer"] : [];
      }
      // The record says that nothing was sent until there is a connection: a process may die while it connects.
      if (record.call.refused && state.mayCall && !state.reached) return ["describe"];
      // With a response stream to resume, nothing is sent: the reply is awaited on it.
      return [state.mayCall || record.stream || record.call.recovery === "repeat" ? "call" : "list"];
    case "running": {
      const polls = !fetches(record) && now >= state.pollAt;
      const cancels = record.cancel && record.cancel.acknowledgedAt === undefined;
      const results = fetches(record) || (questions?.wantsQuestions(state) && now >= state.listenAt);
      if (!answers && !cancels && !results) return polls ? ONLY_GET : NONE;
      const wanted: Operation[] = [];
      if (answers) wanted.push("answer");
      if (cancels) wanted.push("cancel");
      if (results) wanted.push("result");
      if (polls) wanted.push("get");
      return wanted;
    }
    default:
      return [];
  }
}

/** It has ended, and its payload has a request of its own. Where polls bring the payload, they go on at their pace. */
function fetches(record: TaskRecord): boolean {
  return hasEnded(record) && !traitsOf(record.generation).inline;
}

/** When the task is polled next, in ms since 1970. Undefined while a poll is in flight, or where no poll follows. */
export function nextPollAt({ record, inFlight, pollAt, backoff }: TaskState): number | undefined {
  if (record.stage !== "running" || fetches(record) || inFlight.has("get")) return undefined;
  return Math.max(pollAt, backoff?.until ?? 0);
}

/** When the engine wants a `due` event next, in ms since 1970. Infinity when only a reply or the app can move it. */
export function nextDue(state: TaskState, policy: Policy): number {
  const { record, inFlight, backoff } = state;
  const free = backoff?.until ?? 0;
  if (isCall(record) && inFlight.size === 0) return free;
  if (record.stage !== "running") return Number.POSITIVE_INFINITY;
  let due = nextPollAt(state) ?? Number.POSITIVE_INFINITY;
  if (backoff) due = Math.min(due, free);
  if (!hasEnded(record)) {
    const acknowledgedAt = record.cancel?.acknowledgedAt;
    if (acknowledgedAt !== undefined) due = Math.min(due, acknowledgedAt + policy.cancelGraceMs);
    if (policy.questions?.wantsQuestions(state) && !inFlight.has("result"))
      due = Math.min(due, Math.max(state.listenAt, free));
  }
  return due;
}
