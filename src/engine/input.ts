import { cutText, jsonWeight, MAX_QUESTIONS } from "../protocol/bounds.ts";
import type { InputRequest } from "../protocol/input-request.ts";
import { defined, type JsonObject, sameJson } from "../protocol/json.ts";
import { traitsOf } from "../protocol/registry.ts";
import type { CallReply } from "../protocol/task-reading.ts";
import { end, failed } from "./outcome.ts";
import type { QuestionEvent } from "./question-rules.ts";
import { openInputs, type RecordedInput, type TaskRecord } from "./record.ts";
import { isClientError, type RequestFailure, wasRefused } from "./request-failure.ts";
import { landed, relaxed, retryLater, without } from "./retry.ts";
import { revise, revisedCall } from "./revise.ts";
import type { Timing } from "./schedule.ts";
import type { FailedRequest, TaskEvent, TaskState } from "./state.ts";

/** How often a server may ask before it decides on a call. */
const ROUNDS = 20;

/** The server wants input before it decides on the call (2026-07-28 mrtr). */
export function askedFirst(state: TaskState, reply: CallReply & { kind: "input" }, now: number): TaskState {
  const { record } = state;
  if (record.call.rounds >= ROUNDS) {
    const message = `The server asked for input more than ${ROUNDS} times`;
    return end(state, failed({ reason: "rounds", message }), now);
  }
  const asks = reply.requests.length > 0;
  const { requestState } = reply;
  // Without a question the call may be made again at once (mrtr, "Client Requirements").
  const next: TaskState = { ...state, mayCall: !asks };
  return revise(next, {
    stage: asks ? "asking" : "calling",
    call: revisedCall(record, { rounds: record.call.rounds + 1, requestState }),
    inputs: withQuestions([], reply.requests, now),
  });
}

/**
 * Takes in a question that a 2025-11-25 server put as a request. Its id holds within one session, and servers begin
 * to count anew after a restart: an id that comes again with another question, or in another session, is a new question.
 */
function asked(state: TaskState, request: InputRequest, now: number): TaskState {
  const { record } = state;
  const known = record.inputs.findLast((input) => hasIdOf(input, request) && sameSession(input, request));
  if (known && sameQuestion(known, request)) return state;
  const inputs = record.inputs.map((input) =>
    // The answer to the earlier request of this id would now go to the new one.
    hasIdOf(input, request) && isUnsettled(input) ? withdrawn(input) : input,
  );
  // Asked again in a new session, a question keeps the answer that the old one could not take.
  const repeated = inputs.find(
    (input) => !sameSession(input, request) && sameQuestion(input, request) && input.state !== "delivered",
  );
  const next: readonly RecordedInput[] = repeated
    ? inputs.map((input) => (input === repeated ? askedAgain(input, request) : input))
    : withQuestions(inputs, [{ ...request, key: unusedKey(request.key, inputs) }], now);
  return revise(state, { inputs: next });
}

/**
 * The session in which the server asked is over. If it still wants to know, it asks again in the next one: a question
 * that it has asked again meanwhile stays, and so does one that another process has delivered.
 */
function undeliverable(
  state: TaskState,
  { keys, sessionId }: TaskEvent & { type: "undeliverable" },
): TaskState {
  const record = withInputs(state.record, keys, (input) => {
    if (input.sessionId !== sessionId) return input;
    if (isUnsettled(input)) return withdrawn(input);
    // Nobody is there to take an answer that was to be sent once more.
    return input.resend ? { ...input, resend: false } : input;
  });
  // Nothing was sent, so that nothing is known of the server: a backoff goes on.
  return { ...without(state, "answer"), record, listenAt: 0 };
}

function askedAgain(input: RecordedInput, request: InputRequest): RecordedInput {
  return { ...input, ...request, key: input.key, state: input.response ? "answered" : "open" };
}

function withdrawn(input: RecordedInput): RecordedInput {
  return { ...input, state: "withdrawn" };
}

function isUnsettled({ state }: RecordedInput): boolean {
  return state === "open" || state === "answered";
}

function hasIdOf(input: InputRequest, request: InputRequest): boolean {
  return request.rpcId === undefined ? input.key === request.key : input.rpcId === request.rpcId;
}

function sameSession(a: InputRequest, b: InputRequest): boolean {
  return a.sessionId === b.sessionId;
}

function sameQuestion(known: InputRequest, { method, params }: InputRequest): boolean {
  return (
    known.method === method && (sameJson(known.params, params) || sameJson(known.params, cutParams(params)))
  );
}

/** One key is answered once, so that a key is never used again. */
function unusedKey(key: string, inputs: readonly RecordedInput[]): string {
  let unused = key;
  for (let count = 2; inputs.some((input) => input.key === unused); count++) unused = `${key}-${count}`;
  return unused;
}

/** How many questions of a task are remembered. Beyond it the earliest that are over are forgotten, and could be asked again. */
export const MAX_INPUTS = 200;

/**
 * Adds new questions, within what a record may hold. Those that are over make room, the earliest first. Of a question
 * that is still too long only the message is kept, to be declined; one without room is added by a later poll that names it.
 */
export function withQuestions(
  known: readonly RecordedInput[],
  added: readonly InputRequest[],
  now: number,
): readonly RecordedInput[] {
  if (added.length === 0) return known;
  const all = [...known];
  let used = lengthOf(known);
  const full = (length: number): boolean => all.length >= MAX_INPUTS || used + length > MAX_QUESTIONS;
  for (const request of added.slice(0, MAX_INPUTS)) {
    const whole: RecordedInput = { ...request, askedAt: now, state: "open" };
    const cut: RecordedInput = { ...whole, params: cutParams(request.params) };
    const wanted = lengthOf(whole) > MAX_QUESTIONS ? cut : whole;
    for (let over = 0; over >= 0 && full(lengthOf(wanted)); ) {
      over = all.findIndex((input) => !isUnsettled(input));
      if (over >= 0) used -= lengthOf(all.splice(over, 1));
    }
    const input = full(lengthOf(whole)) ? cut : whole;
    if (full(lengthOf(input))) continue;
    used += lengthOf(input);
    all.push(input);
  }
  return all;
}

function lengthOf(value: object): number {
  return jsonWeight(JSON.stringify(value));
}

function cutParams({ message }: JsonObject): JsonObject {
  return typeof message === "string" ? { message: cutText(message) } : {};
}

function answered(state: TaskState, key: string, response: JsonObject): TaskState {
  const { record } = state;
  if (!openInputs(record).some((input) => input.key === key)) return state;
  const next = withInputs(record, [key], (input) => ({ ...input, state: "answered", response }));
  if (record.stage !== "asking" || openInputs(next).length > 0) return { ...relaxed(state), record: next };
  // Before there is a task, the answers travel together on a retry of the call.
  const call = state.reached ? next.call : revisedCall(next, { refused: true });
  return { ...relaxed(state), record: { ...next, stage: "calling", call }, mayCall: true };
}

/** The answers that go with the next request: 2025-11-25 takes them one by one. */
export function answersToSend(record: TaskRecord): readonly RecordedInput[] {
  if (record.inputs.length === 0) return record.inputs;
  const answered = record.inputs.filter(({ state, resend }) => state === "answered" || resend);
  return traitsOf(record.generation).answersTogether ? answered : answered.slice(0, 1);
}

function delivered(state: TaskState, keys: readonly string[], now: number, timing: Timing): TaskState {
  const record = withInputs(state.record, keys, (input) => ({
    ...input,
    state: "delivered",
    ...(input.resend && { resend: false }),
  }));
  const next = { ...landed(state, "answer"), record, idlePolls: undefined };
  return { ...next, pollAt: Math.min(state.pollAt, now + timing.minPollMs) };
}

/** How many polls may find a task waiting for input with nothing left to answer, before that counts as a mistake. Each delivery counts anew. */
const IDLE_POLLS = 3;

/**
 * After a poll: a task that waits for input although all it asked is answered is sent the answers once more. If it
 * still waits, or has asked nothing, the wait is shown as a failure: only the server or a cancel can end it.
 */
export function watchedForInput(
  state: TaskState,
  { retry }: TaskState,
  named: readonly InputRequest[] | undefined,
  now: number,
): TaskState {
  const { record } = state;
  const { idlePolls = 0 } = state;
  const idle =
    record.snapshot?.status === "input_required" &&
    !record.inputs.some(({ state, resend }) => state === "open" || state === "answered" || resend);
  if (!idle || record.outcome) return idlePolls > 0 ? { ...state, idlePolls: undefined } : state;
  if (idlePolls + 1 < IDLE_POLLS) return { ...state, idlePolls: idlePolls + 1 };
  const delivered = record.inputs.filter((input) => input.state === "delivered");
  // 2025-11-25 names none, and asks one thing at a time: earlier answers were the affair of earlier waits.
  const asked = named
    ? delivered.filter(({ key }) => named.some((request) => request.key === key))
    : delivered.slice(-1);
  const again = asked.filter(({ resend }) => resend === undefined);
  if (again.length > 0) {
    const keys = again.map(({ key }) => key);
    return {
      ...state,
      idlePolls: undefined,
      record: withInputs(record, keys, (input) => ({ ...input, resend: true })),
    };
  }
  const message =
    asked.length > 0
      ? "The server waits for input, although every question is answered"
      : "The server waits for input, but asks nothing that can be answered";
  // The same object from poll to poll: it is published once.
  const waiting =
    retry?.failure.message === message
      ? retry
      : ({ failure: { kind: "malformed", message }, since: now } as const);
  return { ...state, retry: waiting };
}

/** Refused answers are the app's to give again; others are sent again. */
export function answerFailed(
  state: TaskState,
  failure: RequestFailure,
  now: number,
  timing: Timing,
  { keys = [] }: FailedRequest,
): TaskState {
  if (!refusesAnswer(failure)) return retryLater(state, failure, now, timing);
  const record = withInputs(state.record, keys, (input) => {
    // Sent once more: that the server refuses it then says that it has it.
    if (input.state !== "answered") return { ...input, ...(input.resend && { resend: false }) };
    const refusal = cutText(failure.message);
    return defined({ ...input, state: "open", response: undefined, refusal }) as RecordedInput;
  });
  return { ...state, record };
}

/** The server has the answer and will not take it. One it had no time or no session for (404) is sent again. */
function refusesAnswer(failure: RequestFailure): boolean {
  if (wasRefused(failure)) return false;
  return failure.kind === "rpc" || (isClientError(failure) && failure.status !== 404);
}

function withInputs(
  record: TaskRecord,
  keys: readonly string[],
  change: (input: RecordedInput) => RecordedInput,
): TaskRecord {
  return {
    ...record,
    inputs: record.inputs.map((input) => (keys.includes(input.key) ? change(input) : input)),
  };
}

/**
 * The server names all open questions each time (2026-07-28 tasks, "Task Polling"): new ones are
 * added, and those it no longer names are withdrawn. What was answered stays answered.
 */
export function mergeInputs(
  known: readonly RecordedInput[],
  named: readonly InputRequest[],
  now: number,
): readonly RecordedInput[] {
  if (known.length + named.length === 0) return known;
  const keys = new Set(named.map(({ key }) => key));
  const kept = known.map((input): RecordedInput => {
    if (input.state === "open" && !keys.has(input.key)) return { ...input, state: "withdrawn" };
    if (input.state === "withdrawn" && keys.has(input.key)) return { ...input, state: "open" };
    return input;
  });
  const added = named.filter(({ key }) => !known.some((input) => input.key === key));
  const merged = withQuestions(kept, added, now);
  return sameJson(known, merged) ? known : merged;
}

/** What happens to a question and its answer. */
export function questioned(state: TaskState, event: QuestionEvent, now: number, timing: Timing): TaskState {
  switch (event.type) {
    case "asked":
      return asked(state, event.request, now);
    case "answered":
      return answered(state, event.key, event.response);
    case "delivered":
      return delivered(state, event.keys, now, timing);
    case "undeliverable":
      return undeliverable(state, event);
  }
}
