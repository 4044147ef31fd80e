import type { InputRequest } from "../protocol/input-request.ts";
import type { JsonObject } from "../protocol/json.ts";
import { INVALID_PARAMS } from "../protocol/json-rpc.ts";
import { isTerminal } from "../protocol/task-snapshot.ts";
import type { CallReply, TaskView } from "../protocol/task-view.ts";
import { type Fault, wasRefused } from "./fault.ts";
import { isOutdated, observe, outcomeOf, settle } from "./observe.ts";
import { type Failure, type Outcome, openInputs, type RecordedInput, type TaskRecord } from "./record.ts";
import { backoffDelay, DEFAULT_TIMING, deadline, nextPoll, pollFrom, type Timing } from "./schedule.ts";
import type { Command, Operation, TaskEvent, TaskState, Transition } from "./state.ts";
import { CLOCK_SKEW_MS } from "./stray.ts";

/** How often a thing is tried whose fate must be known at some time. */
const ATTEMPTS = 5;
/** How often a server may ask before it decides on a call. */
const ROUNDS = 20;
/** How long past its TTL a task that still works is given before it counts as expired, in ms. */
const TTL_GRACE_MS = 30_000;

/** A record as a process finds or makes it: nothing is in flight, nothing is held. */
export function idleState(record: TaskRecord): TaskState {
  return {
    record,
    inFlight: new Set(),
    mayCall: false,
    pollAt: 0,
    listenAt: 0,
    failures: 0,
    pushed: false,
    answering: [],
  };
}

/**
 * The engine. Pure: from a state, an event and the time it says the next state and what to send.
 * The caller writes `state.record` when it has changed, and only then carries the commands out.
 */
export function transition(
  state: TaskState,
  event: TaskEvent,
  now: number,
  timing: Timing = DEFAULT_TIMING,
): Transition {
  if (state.record.outcome) return { state: { ...state, inFlight: new Set() }, commands: [] };
  const after = enforceCancel(unsentCancelled(apply(state, event, now, timing), now), now, timing);
  const next = plan(after, now);
  const { record } = next.state;
  if (record === state.record) return next;
  return { ...next, state: { ...next.state, record: { ...record, rev: state.record.rev + 1 } } };
}

/** When the engine wants a `due` event next, in ms since 1970. Infinity when only a reply or the app can move it. */
export function nextDue(state: TaskState, timing: Timing = DEFAULT_TIMING): number {
  const { record, inFlight, hold } = state;
  const free = hold?.until ?? 0;
  const times: number[] = hold ? [free] : [];
  switch (record.stage) {
    case "asking":
    case "settled":
      return Number.POSITIVE_INFINITY;
    case "calling":
      return inFlight.size === 0 ? free : Number.POSITIVE_INFINITY;
    case "running":
      if (record.snapshot && isTerminal(record.snapshot.status)) break;
      if (record.cancel?.acknowledgedAt !== undefined) {
        times.push(record.cancel.acknowledgedAt + timing.cancelGraceMs);
      }
      if (!inFlight.has("get")) times.push(Math.max(state.pollAt, free));
      if (wantsQuestions(state) && !inFlight.has("result")) times.push(Math.max(state.listenAt, free));
  }
  return Math.min(Number.POSITIVE_INFINITY, ...times);
}

function apply(state: TaskState, event: TaskEvent, now: number, timing: Timing): TaskState {
  switch (event.type) {
    case "started":
      return { ...state, mayCall: true };
    case "woken":
      return {
        ...idleState(state.record),
        pollAt: wakingPoll(state.record, event, now, timing),
      };
    case "due":
      return event.nudge && state.hold && !state.hold.demanded ? withoutHold(state) : state;
    case "called":
      return called(landed(state, "call"), event.reply, now, timing);
    case "polled":
      return observed(seenByPoll(landed(state, "get"), event.view), event.view, now, timing);
    case "notified":
      if (state.record.taskId !== event.view.snapshot.taskId) return state;
      // An outdated one says nothing of now: the next poll stays when it is.
      if (isOutdated(state.record.snapshot, event.view.snapshot)) return { ...state, pushed: true };
      return observed({ ...state, pushed: true }, event.view, now, timing);
    case "pushing":
      return pushing(state, event.on, now, timing);
    case "fetched": {
      const next = landed(state, "result");
      return end(next, outcomeOf(next.record.snapshot, event.payload), now);
    }
    case "listed":
      // Not finding it counts like a fault, so the count goes on.
      return listed({ ...landed(state, "list"), failures: state.failures }, event, now, timing);
    case "delivered":
      return {
        ...landed(state, "answer"),
        record: markInputs(state.record, event.keys, "delivered"),
        pollAt: Math.min(state.pollAt, now + timing.minPollMs),
      };
    case "cancelTaken": {
      const next = acknowledged(landed(state, "cancel"), now);
      return event.view ? observed(next, event.view, now, timing) : next;
    }
    case "faulted":
      return faulted(state, event.operation, event.fault, now, timing);
    case "progressed":
      return { ...state, progress: event.progress };
    case "asked":
      return asked(state, event.request, now);
    case "answered":
      return answeredBy(state, event.key, event.response);
    case "cancelled":
      return cancelRequested(state, now);
  }
}

// ── replies ────────────────────────────────────────────────────────────────────────────────────

function called(state: TaskState, reply: CallReply, now: number, timing: Timing): TaskState {
  const { record } = state;
  if (record.stage !== "calling") return state;
  switch (reply.kind) {
    case "result":
      return end(state, { kind: "completed", result: reply.result }, now);
    case "task": {
      const accepted: TaskRecord = {
        ...record,
        inputs: [],
        ...(reply.immediateResponse !== undefined && { immediateResponse: reply.immediateResponse }),
      };
      return { ...observed({ ...state, record: accepted }, reply.view, now, timing), mayCall: false };
    }
    case "input": {
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
          inputs: reply.requests.map((request) => ({ ...request, askedAt: now, state: "open" })),
        },
      };
    }
  }
}

function wakingPoll(
  record: TaskRecord,
  { fresh, dueFrom }: TaskEvent & { type: "woken" },
  now: number,
  timing: Timing,
): number {
  if (dueFrom !== undefined) return pollFrom(record, timing, dueFrom);
  return fresh ? nextPoll(record, timing, now) : now;
}

/** A change that a poll brings was not pushed: the stream may be dead, and the polls are at full pace again. */
function seenByPoll(state: TaskState, { snapshot }: TaskView): TaskState {
  const known = state.record.snapshot;
  const told = known?.status === snapshot.status && known.statusMessage === snapshot.statusMessage;
  return told || !state.pushed ? state : { ...state, pushed: false };
}

function observed(state: TaskState, view: TaskView, now: number, timing: Timing): TaskState {
  const record = observe(state.record, view, now);
  const next = { ...state, record, pollAt: nextPoll(record, timing, now, state.pushed) };
  if (record.outcome || isTerminal(view.snapshot.status)) return next;
  if (now < deadline(record) + TTL_GRACE_MS) return next;
  const detail = `The TTL of task ${record.taskId} passed while it was still ${view.snapshot.status}`;
  return end(next, { kind: "expired", detail }, now);
}

/** A call whose reply never came is one of the tasks nobody claims, if just one fits its time. */
function listed(
  state: TaskState,
  event: TaskEvent & { type: "listed" },
  now: number,
  timing: Timing,
): TaskState {
  const { createdAt } = state.record;
  const fitting = event.unclaimed.filter(({ snapshot }) => {
    const made = Date.parse(snapshot.createdAt);
    return Number.isNaN(made) || (made >= createdAt - CLOCK_SKEW_MS && made <= now + CLOCK_SKEW_MS);
  });
  const [only] = fitting;
  if (only && fitting.length === 1 && !event.rivals) return observed(state, only, now, timing);
  // The server may still be at work on the request, and rivals may yet find theirs: it is looked for a few times.
  const unclear = fitting.length > 0;
  const message = unclear
    ? "it is not clear which task of the server is this call"
    : "the server lists no task for it";
  if (state.failures + 1 < ATTEMPTS) return troubled(state, { kind: "network", message }, now, timing);
  const detail = `The reply to the call never came, and ${message}`;
  // A wrong result would be worse than none.
  const candidates = fitting.map(({ snapshot }) => snapshot.taskId);
  return end(state, { ...lost(detail), ...(unclear && { candidates }) }, now);
}

// ── faults ─────────────────────────────────────────────────────────────────────────────────────

function faulted(
  before: TaskState,
  operation: Operation,
  fault: Fault,
  now: number,
  timing: Timing,
): TaskState {
  const state = without(before, operation);
  if (fault.kind === "oversized") {
    return end(state, failed({ reason: "oversized", message: fault.message }), now);
  }
  switch (operation) {
    case "call":
      return callFaulted(state, fault, now, timing);
    case "list":
      return state.failures + 1 >= ATTEMPTS
        ? end(state, lost(`The reply to the call never came, and tasks/list failed: ${fault.message}`), now)
        : troubled(state, fault, now, timing);
    case "get":
      if (isUnknownTask(fault)) return gone(state, fault, now);
      return troubled({ ...state, pollAt: now }, fault, now, timing);
    case "result":
      return resultFaulted(state, fault, now, timing);
    case "answer":
      // Refused answers are the app's to give again; others are sent again.
      return refusesAnswer(fault)
        ? { ...state, record: reopened(state.record, state.answering), trouble: { fault, since: now } }
        : troubled(state, fault, now, timing);
    case "cancel":
      // 2025-11-25 refuses to cancel what has ended (-32602); a server without the method cannot.
      return fault.kind === "rpc"
        ? { ...acknowledged(state, now), pollAt: now }
        : troubled(state, fault, now, timing);
  }
}

function callFaulted(state: TaskState, fault: Fault, now: number, timing: Timing): TaskState {
  if (state.record.stage !== "calling") return state;
  if (fault.kind === "rpc") return end(state, rpcFailed(fault), now);
  // What a reply said that nobody can read may have been a task, where that can be found out.
  const readable = fault.kind !== "malformed" || state.record.call.recovery !== "list";
  if (readable && (fault.kind === "malformed" || fault.kind === "unauthorized")) {
    return end(state, failed({ reason: fault.kind, message: fault.message }), now);
  }
  if (wasRefused(fault)) return troubled({ ...state, mayCall: true }, fault, now, timing);
  if (fault.kind === "http" && isClientError(fault.status)) {
    return end(state, failed({ reason: "http", message: fault.message, httpStatus: fault.status }), now);
  }
  const { recovery } = state.record.call;
  if (recovery === "none" || (recovery === "repeat" && state.failures + 1 >= ATTEMPTS)) {
    return end(state, lost(`No reply to the call came: ${fault.message}`), now);
  }
  return troubled({ ...state, mayCall: false }, fault, now, timing);
}

function resultFaulted(state: TaskState, fault: Fault, now: number, timing: Timing): TaskState {
  const { snapshot } = state.record;
  if (!snapshot || !isTerminal(snapshot.status)) {
    if (fault.kind === "http" && fault.retryAfterMs !== undefined) return troubled(state, fault, now, timing);
    // It was only held open for questions: the polls go on, and it is opened again at their pace.
    return { ...state, listenAt: nextPoll(state.record, timing, now) };
  }
  if (fault.kind === "rpc") {
    // A failed task answers with the JSON-RPC error of its request (tasks, "Task Execution Errors").
    // Past its TTL the same code means that the server has deleted it.
    const deleted = isUnknownTask(fault) && now >= deadline(state.record);
    if (snapshot.status === "failed" && !deleted) return end(state, rpcFailed(fault), now);
    if (isUnknownTask(fault)) return gone(state, fault, now);
    if (state.failures + 1 >= ATTEMPTS) {
      return end(state, rpcFailed(fault), now);
    }
  }
  return troubled(state, fault, now, timing);
}

function troubled(state: TaskState, fault: Fault, now: number, timing: Timing): TaskState {
  const failures = state.failures + 1;
  if (failures >= ATTEMPTS && now >= deadline(state.record)) {
    const detail = `The TTL of task ${state.record.taskId} passed while its server could not be reached`;
    return end(state, { kind: "expired", detail: `${detail}: ${fault.message}` }, now);
  }
  const demanded = fault.kind === "http" ? fault.retryAfterMs : undefined;
  const until = now + Math.max(demanded ?? 0, backoffDelay(state.record.id, failures, timing));
  // What the server demanded of one request outlasts the plainer fault of another.
  const held = state.hold?.demanded ? state.hold.until : 0;
  return {
    ...state,
    failures,
    hold: { until: Math.max(until, held), demanded: demanded !== undefined || held > now },
    trouble: { fault, since: state.trouble?.since ?? now },
  };
}

function gone(state: TaskState, fault: Fault, now: number): TaskState {
  const { taskId, cancel } = state.record;
  // A server may delete a cancelled task at once (2025-11-25 tasks, "Task Cancellation").
  if (cancel?.acknowledgedAt !== undefined) return end(state, { kind: "cancelled", confirmed: false }, now);
  return now >= deadline(state.record)
    ? end(state, { kind: "expired", detail: `The TTL of task ${taskId} passed: ${fault.message}` }, now)
    : end(state, lost(`The server no longer knows task ${taskId}: ${fault.message}`), now);
}

/** The server only acknowledges a cancel in 2026-07-28: after a bounded wait it counts. */
function enforceCancel(state: TaskState, now: number, timing: Timing): TaskState {
  const { cancel, snapshot } = state.record;
  const acknowledgedAt = cancel?.acknowledgedAt;
  // What has ended is not waited for: only its payload is, and that is its own affair.
  if (snapshot && isTerminal(snapshot.status)) return state;
  if (acknowledgedAt === undefined || now < acknowledgedAt + timing.cancelGraceMs) return state;
  return end(state, { kind: "cancelled", confirmed: false }, now);
}

/** A cancelled call is not sent, nor sent again: at the server there is nothing to cancel, or nothing to be found. */
function unsentCancelled(state: TaskState, now: number): TaskState {
  const { stage, cancel, call } = state.record;
  if (!cancel) return state;
  if (stage === "asking") return end(state, { kind: "cancelled", confirmed: true }, now);
  if (stage !== "calling" || state.inFlight.size > 0) return state;
  if (!state.mayCall && call.recovery !== "repeat") return state;
  return end(state, { kind: "cancelled", confirmed: state.mayCall }, now);
}

// ── what the app and the server ask ────────────────────────────────────────────────────────────

function asked(state: TaskState, request: InputRequest, now: number): TaskState {
  const { record } = state;
  if (record.inputs.some(({ key }) => key === request.key)) return state;
  const input: RecordedInput = { ...request, askedAt: now, state: "open" };
  return { ...state, record: { ...record, inputs: [...record.inputs, input] } };
}

function answeredBy(state: TaskState, key: string, response: JsonObject): TaskState {
  const { record } = state;
  if (!openInputs(record).some((input) => input.key === key)) return state;
  const inputs = record.inputs.map((input): RecordedInput => {
    return input.key === key ? { ...input, state: "answered", response } : input;
  });
  const next = { ...record, inputs };
  if (record.stage !== "asking" || openInputs(next).length > 0) return { ...relaxed(state), record: next };
  // Before there is a task, the answers travel together on a retry of the call.
  return { ...relaxed(state), record: { ...next, stage: "calling" }, mayCall: true };
}

/** When pushing ends, something may have been missed: the next poll is at the ordinary pace. */
function pushing(state: TaskState, on: boolean, now: number, timing: Timing): TaskState {
  const pollAt = on ? state.pollAt : Math.min(state.pollAt, nextPoll(state.record, timing, now));
  return { ...state, pushed: on, pollAt };
}

function cancelRequested(state: TaskState, now: number): TaskState {
  const { record } = state;
  if (record.cancel) return state;
  return { ...relaxed(state), record: { ...record, cancel: { requestedAt: now } } };
}

function acknowledged(state: TaskState, now: number): TaskState {
  const { record } = state;
  const requestedAt = record.cancel?.requestedAt ?? now;
  return { ...state, record: { ...record, cancel: { requestedAt, acknowledgedAt: now } } };
}

// ── what to send now ───────────────────────────────────────────────────────────────────────────

function plan(state: TaskState, now: number): Transition {
  if (state.record.outcome) {
    const commands = [...state.inFlight].map((operation): Command => ({ type: "abandon", operation }));
    return { state: { ...state, inFlight: new Set() }, commands };
  }
  if (state.hold && now < state.hold.until) return { state, commands: [] };
  if (state.hold) return plan(withoutHold(state), now);
  const { record } = state;
  if (
    record.stage === "calling" &&
    !state.mayCall &&
    record.call.recovery === "none" &&
    state.inFlight.size === 0
  ) {
    const detail = "The page ended after the call was sent and before its reply came";
    return plan(end(state, lost(detail), now), now);
  }
  const wanted = wantedOperations(state, now).filter((operation) => !state.inFlight.has(operation));
  if (wanted.length === 0) return { state, commands: [] };
  const repeats = wanted.includes("call") && !state.mayCall && !record.call.repeated;
  return {
    state: {
      ...state,
      ...(repeats && { record: { ...record, call: { ...record.call, repeated: true } } }),
      inFlight: new Set([...state.inFlight, ...wanted]),
      mayCall: false,
      answering: wanted.includes("answer") ? answersToSend(record).map(({ key }) => key) : state.answering,
    },
    commands: wanted.map((operation) => ({ type: "send", operation })),
  };
}

function wantedOperations(state: TaskState, now: number): Operation[] {
  const { record } = state;
  switch (record.stage) {
    case "asking":
    case "settled":
      return [];
    case "calling":
      // A plain 2025-11-25 call may be asked while it runs; later it is too late to recover it.
      // In 2026-07-28 the answers are in the call that is out (mrtr).
      if (state.inFlight.size > 0) {
        return record.generation === "2025-11-25" && hasAnswers(record) ? ["answer"] : [];
      }
      return [state.mayCall || record.call.recovery === "repeat" ? "call" : "list"];
    case "running": {
      const wanted: Operation[] = [];
      if (hasAnswers(record)) wanted.push("answer");
      if (record.cancel && record.cancel.acknowledgedAt === undefined) wanted.push("cancel");
      if (record.snapshot && isTerminal(record.snapshot.status)) {
        // Its payload is all that is missing.
        wanted.push(record.generation === "2025-11-25" ? "result" : "get");
        return wanted;
      }
      if (wantsQuestions(state) && now >= state.listenAt) wanted.push("result");
      if (now >= state.pollAt) wanted.push("get");
      return wanted;
    }
  }
}

/** The answers that go with the next request: 2025-11-25 takes them one by one. */
export function answersToSend(record: TaskRecord): readonly RecordedInput[] {
  const answered = record.inputs.filter(({ state }) => state === "answered");
  return record.generation === "2025-11-25" ? answered.slice(0, 1) : answered;
}

function hasAnswers(record: TaskRecord): boolean {
  return record.inputs.some(({ state }) => state === "answered");
}

/** 2025-11-25 sends its questions on `tasks/result` ("Input Required Status"), which is opened while none is known. */
function wantsQuestions({ record }: TaskState): boolean {
  return (
    record.generation === "2025-11-25" &&
    record.snapshot?.status === "input_required" &&
    !record.inputs.some(({ state }) => state === "open" || state === "answered")
  );
}

// ── small moves ────────────────────────────────────────────────────────────────────────────────

function end(state: TaskState, outcome: Outcome, now: number): TaskState {
  return { ...state, record: settle(state.record, outcome, now) };
}

function failed(error: Failure): Outcome {
  return { kind: "failed", error };
}

function rpcFailed({ message, error }: Fault & { kind: "rpc" }): Outcome {
  return failed({ reason: "rpc", message, rpc: error });
}

function lost(detail: string): Outcome {
  return { kind: "lost", detail };
}

/** A good reply: the operation is no longer out, and the faults before it are forgotten. */
function landed(state: TaskState, operation: Operation): TaskState {
  const next = without(state, operation);
  if (next.hold?.demanded) return next;
  const { trouble: _gone, ...rest } = withoutHold(next);
  return { ...rest, failures: 0 };
}

function without(state: TaskState, operation: Operation): TaskState {
  const inFlight = new Set(state.inFlight);
  inFlight.delete(operation);
  return { ...state, inFlight };
}

function withoutHold(state: TaskState): TaskState {
  const { hold: _hold, ...rest } = state;
  return rest;
}

/** What a person does need not wait out a backoff, only a time the server named. */
function relaxed(state: TaskState): TaskState {
  return state.hold?.demanded ? state : withoutHold(state);
}

function markInputs(record: TaskRecord, keys: readonly string[], to: RecordedInput["state"]): TaskRecord {
  const inputs = record.inputs.map((input) => (keys.includes(input.key) ? { ...input, state: to } : input));
  return { ...record, inputs };
}

function reopened(record: TaskRecord, keys: readonly string[]): TaskRecord {
  const inputs = record.inputs.map((input): RecordedInput => {
    if (input.state !== "answered" || !keys.includes(input.key)) return input;
    const { response: _refused, ...question } = input;
    return { ...question, state: "open" };
  });
  return { ...record, inputs };
}

/** Codes servers use for a task they do not have: -32602 by the spec, -32002 by older habit. */
function isUnknownTask(fault: Fault): boolean {
  return fault.kind === "rpc" && (fault.error.code === INVALID_PARAMS || fault.error.code === -32002);
}

/** The server has the answer and will not take it. One it had no time or no session for (404) is sent again. */
function refusesAnswer(fault: Fault): boolean {
  if (wasRefused(fault)) return false;
  return (
    fault.kind === "rpc" || (fault.kind === "http" && fault.status !== 404 && isClientError(fault.status))
  );
}

function isClientError(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 425;
}
