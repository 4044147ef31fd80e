import type { InputRequest } from "../protocol/input-request.ts";
import type { JsonObject } from "../protocol/json.ts";
import { type Fault, isClientError, wasRefused } from "./fault.ts";
import { openInputs, type RecordedInput, type TaskRecord } from "./record.ts";
import type { Timing } from "./schedule.ts";
import type { TaskState } from "./state.ts";
import { landed, relaxed, troubled } from "./trouble.ts";

export function asked(state: TaskState, request: InputRequest, now: number): TaskState {
  const { record } = state;
  if (record.inputs.some(({ key }) => key === request.key)) return state;
  const input: RecordedInput = { ...request, askedAt: now, state: "open" };
  return { ...state, record: { ...record, inputs: [...record.inputs, input] } };
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
