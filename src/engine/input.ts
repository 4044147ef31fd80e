import type { InputRequest } from "../protocol/input-request.ts";
import { type JsonObject, sameJson } from "../protocol/json.ts";
import { type Fault, isClientError, wasRefused } from "./fault.ts";
import { openInputs, type RecordedInput, type TaskRecord } from "./record.ts";
import type { Timing } from "./schedule.ts";
import type { TaskState } from "./state.ts";
import { landed, relaxed, troubled } from "./trouble.ts";

/**
 * Takes in a question that a 2025-11-25 server put as a request. Its id holds within one session, and servers begin
 * to count anew after a restart: an id that comes again with another question, or in another session, is a new question.
 */
export function asked(state: TaskState, request: InputRequest, now: number): TaskState {
  const { record } = state;
  const known = record.inputs.findLast((input) => hasIdOf(input, request));
  if (known && sameSession(known, request) && sameQuestion(known, request)) return state;
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
    : [...inputs, { ...request, key: unusedKey(request.key, inputs), askedAt: now, state: "open" }];
  return { ...state, record: { ...record, inputs: next } };
}

/** The session in which the server asked is over. If it still wants to know, it asks again in the next one. */
export function undeliverable(state: TaskState, keys: readonly string[]): TaskState {
  return { ...landed(state, "answer"), record: withInputs(state.record, keys, withdrawn), listenAt: 0 };
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

function sameQuestion(a: InputRequest, b: InputRequest): boolean {
  return a.method === b.method && sameJson(a.params, b.params);
}

/** One key is answered once, so that a key is never used again. */
function unusedKey(key: string, inputs: readonly RecordedInput[]): string {
  let unused = key;
  for (let count = 2; inputs.some((input) => input.key === unused); count++) unused = `${key}-${count}`;
  return unused;
}

export function answered(state: TaskState, key: string, response: JsonObject): TaskState {
  const { record } = state;
  if (!openInputs(record).some((input) => input.key === key)) return state;
  const next = withInputs(record, [key], (input) => ({ ...input, state: "answered", response }));
  if (record.stage !== "asking" || openInputs(next).length > 0) return { ...relaxed(state), record: next };
  // Before there is a task, the answers travel together on a retry of the call.
  return { ...relaxed(state), record: { ...next, stage: "calling" }, mayCall: true };
}

/** The answers that go with the next request: 2025-11-25 takes them one by one. */
export function answersToSend(record: TaskRecord): readonly RecordedInput[] {
  const answered = record.inputs.filter(({ state }) => state === "answered");
  return record.generation === "2025-11-25" ? answered.slice(0, 1) : answered;
}

export function delivered(state: TaskState, keys: readonly string[], now: number, timing: Timing): TaskState {
  const record = withInputs(state.record, keys, (input) => ({ ...input, state: "delivered" }));
  return { ...landed(state, "answer"), record, pollAt: Math.min(state.pollAt, now + timing.minPollMs) };
}

/** Refused answers are the app's to give again; others are sent again. */
export function answerFaulted(state: TaskState, fault: Fault, now: number, timing: Timing): TaskState {
  if (!refusesAnswer(fault)) return troubled(state, fault, now, timing);
  const record = withInputs(state.record, state.answering, (input) => {
    if (input.state !== "answered") return input;
    const { response: _refused, ...question } = input;
    return { ...question, state: "open" };
  });
  return { ...state, record, trouble: { fault, since: now } };
}

/** The server has the answer and will not take it. One it had no time or no session for (404) is sent again. */
function refusesAnswer(fault: Fault): boolean {
  if (wasRefused(fault)) return false;
  return fault.kind === "rpc" || (isClientError(fault) && fault.status !== 404);
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
