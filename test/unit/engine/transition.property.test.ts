import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { abandonsCall } from "../../../src/engine/cancel.ts";
import { nextDue as nextDueBy } from "../../../src/engine/plan.ts";
import { isCall, type RecordedInput, type TaskRecord } from "../../../src/engine/record.ts";
import { type RequestFailure, wasRefused } from "../../../src/engine/request-failure.ts";
import type { Operation, TaskEvent, TaskState, Transition } from "../../../src/engine/state.ts";
import { transition as transitionBy } from "../../../src/engine/transition.ts";
import type { InputRequest } from "../../../src/protocol/input-request.ts";
import type { TaskPayload, TaskReading } from "../../../src/protocol/task-reading.ts";
import type { ToolFacts } from "../../../src/protocol/tool-facts.ts";
import { deepFreeze } from "../../fixtures/engine-walk.ts";
import { POLICY } from "../../fixtures/policy.ts";
import {
  askingRecord,
  callingRecord,
  queuedRecord,
  runningRecord,
  settledRecord,
  snapshotOf,
  stateOf,
  T0,
} from "../../fixtures/records.ts";
import { SESSION_2025, SESSION_2026 } from "../../fixtures/scripted-server.ts";

const nextDue = (state: TaskState): number => nextDueBy(state, POLICY);
const transition = (state: TaskState, event: TaskEvent | readonly TaskEvent[], now: number): Transition =>
  transitionBy(state, event, now, POLICY);

const RUNS = { numRuns: 3_000 };
const FACTS: ToolFacts = { taskSupport: "optional", repeatable: false };
const KEYS = ["a", "b", "c"];
const OPERATIONS = ["describe", "call", "get", "result", "list", "answer", "cancel"] as const;

// ── what can happen ────────────────────────────────────────────────────────────────────────────

const status = fc.constantFrom("working", "input_required", "completed", "failed", "cancelled");
const result = fc.record({ content: fc.constant([]), isError: fc.boolean() });
const payload: fc.Arbitrary<TaskPayload> = fc.oneof(
  result.map((value) => ({ kind: "result" as const, result: value })),
  fc.constant({ kind: "error" as const, error: { code: -32603, message: "No" } }),
);
const question: fc.Arbitrary<InputRequest> = fc.constantFrom(...KEYS).map((key) => ({
  key,
  method: "elicitation/create",
  params: {},
}));
const questions = fc.uniqueArray(question, { selector: ({ key }) => key, maxLength: 3 });

const snapshot = fc
  .record({
    status,
    updated: fc.integer({ min: -1_000, max: 100_000 }),
    ttlMs: fc.constantFrom(null, 0, 5_000, 60_000, 3_600_000),
    pollIntervalMs: fc.constantFrom(undefined, 0, 1_000, 10_000),
    statusMessage: fc.constantFrom(undefined, "half"),
  })
  .map(({ updated, pollIntervalMs, statusMessage, ...fields }) => {
    const { pollIntervalMs: _standard, ...bare } = snapshotOf(fields);
    return {
      ...bare,
      lastUpdatedAt: new Date(T0 + updated).toISOString(),
      ...(pollIntervalMs !== undefined && { pollIntervalMs }),
      ...(statusMessage !== undefined && { statusMessage }),
    };
  });

const reading: fc.Arbitrary<TaskReading> = fc
  .record({ snapshot, payload: fc.option(payload, { nil: undefined }), questions: fc.option(questions) })
  .map((fields) => ({
    snapshot: fields.snapshot,
    ...(fields.payload &&
      ["completed", "failed"].includes(fields.snapshot.status) && { payload: fields.payload }),
    ...(fields.questions && {
      inputRequests: fields.snapshot.status === "input_required" ? fields.questions : [],
    }),
  }));

const failure: fc.Arbitrary<RequestFailure> = fc.oneof(
  fc.constantFrom<RequestFailure>(
    { kind: "timeout", message: "t" },
    { kind: "network", message: "n" },
    { kind: "unauthorized", message: "u" },
    { kind: "malformed", message: "m" },
    { kind: "network", message: "n", unsent: true },
    { kind: "network", message: "n", forgotten: true },
  ),
  fc
    .record({
      status: fc.constantFrom(400, 404, 408, 425, 429, 500, 503),
      retryAfterMs: fc.constantFrom(undefined, 0, 1, 5_000, 600_000),
    })
    .map(
      ({ status: code, retryAfterMs }): RequestFailure => ({
        kind: "http",
        status: code,
        message: `HTTP ${code}`,
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      }),
    ),
  fc
    .constantFrom(-32601, -32602, -32002, -32603)
    .map(
      (code): RequestFailure => ({ kind: "rpc", error: { code, message: "No" }, message: `No (${code})` }),
    ),
);

const event: fc.Arbitrary<TaskEvent> = fc.oneof(
  fc.constant<TaskEvent>({ type: "started" }),
  fc.boolean().map((nudge): TaskEvent => ({ type: "due", nudge })),
  fc
    .record({
      session: fc.constantFrom(SESSION_2025, SESSION_2026),
      facts: fc.constantFrom(undefined, FACTS, { ...FACTS, repeatable: true }),
      cached: fc.boolean(),
    })
    .map((description): TaskEvent => ({ type: "described", description })),
  result.map((value): TaskEvent => ({ type: "called", reply: { kind: "result", result: value } })),
  {
    arbitrary: reading.map((seen): TaskEvent => ({ type: "called", reply: { kind: "task", reading: seen } })),
    weight: 3,
  },
  fc.tuple(questions, fc.constantFrom("state", "other")).map(
    ([requests, requestState]): TaskEvent => ({
      type: "called",
      reply: { kind: "input", requests, requestState },
    }),
  ),
  fc
    .nat(3)
    .map((made): TaskEvent => ({ type: "streamed", stream: { requestId: 7, lastEventId: `event-${made}` } })),
  { arbitrary: reading.map((seen): TaskEvent => ({ type: "polled", reading: seen })), weight: 3 },
  payload.map((fetched): TaskEvent => ({ type: "fetched", payload: fetched })),
  fc.array(reading, { maxLength: 2 }).map((unclaimed): TaskEvent => ({ type: "listed", unclaimed })),
  fc.subarray(KEYS).map((keys): TaskEvent => ({ type: "delivered", keys })),
  fc
    .option(reading, { nil: undefined })
    .map((seen): TaskEvent => ({ type: "cancelTaken", ...(seen && { reading: seen }) })),
  {
    arbitrary: fc
      .tuple(fc.constantFrom(...OPERATIONS), failure)
      .map(([operation, cause]): TaskEvent => ({ type: "requestFailed", operation, failure: cause })),
    weight: 4,
  },
  reading.map((seen): TaskEvent => ({ type: "notified", reading: seen })),
  fc.boolean().map((on): TaskEvent => ({ type: "pushing", on })),
  fc.nat(9).map((progress): TaskEvent => ({ type: "progressed", progress: { progress } })),
  question.map((request): TaskEvent => ({ type: "asked", request })),
  {
    arbitrary: fc
      .constantFrom(...KEYS)
      .map((key): TaskEvent => ({ type: "answered", key, response: { action: "accept" } })),
    weight: 2,
  },
  fc.constant<TaskEvent>({ type: "cancelled" }),
);

interface Step {
  readonly event: TaskEvent;
  readonly afterMs: number;
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({ event, afterMs: fc.constantFrom(0, 0, 1, 100, 1_000, 30_000, 60_000, 3_600_000) }),
  { minLength: 1, maxLength: 40 },
);

// ── where it can begin ─────────────────────────────────────────────────────────────────────────

const recorded: fc.Arbitrary<readonly RecordedInput[]> = questions.chain((requests) =>
  fc
    .tuple(...requests.map(() => fc.constantFrom("open", "answered", "delivered", "withdrawn")))
    .map((states) =>
      requests.map((request, index): RecordedInput => {
        const state = (states as RecordedInput["state"][])[index] ?? "open";
        const response = state === "open" || state === "withdrawn" ? {} : { response: { action: "accept" } };
        return { ...request, askedAt: T0, state, ...response };
      }),
    ),
);

const record: fc.Arbitrary<TaskRecord> = fc
  .record({
    generation: fc.constantFrom("2025-11-25", "2026-07-28"),
    recovery: fc.constantFrom("none", "list", "repeat"),
    stage: fc.constantFrom(
      "queued",
      "calling",
      "calling",
      "asking",
      "running",
      "running",
      "running",
      "settled",
    ),
    snapshot,
    inputs: recorded,
    stream: fc.constantFrom(undefined, { requestId: 7, lastEventId: "event-0", at: T0 }),
    cancel: fc.constantFrom(undefined, { requestedAt: T0 }, { requestedAt: T0, acknowledgedAt: T0 }),
  })
  .map(({ stage, recovery, cancel, inputs, stream, ...fields }) => {
    const common = { call: { recovery }, generation: fields.generation } as const;
    const wish = cancel ? { cancel } : {};
    switch (stage) {
      case "queued":
        return queuedRecord();
      case "calling":
        return stream
          ? callingRecord({ generation: "2025-11-25", call: { recovery, asTask: false }, stream })
          : callingRecord(common);
      case "asking":
        return askingRecord(common);
      case "running":
        return runningRecord({ ...common, ...wish, inputs, snapshot: fields.snapshot });
      default:
        return settledRecord({ ...common, inputs: [] });
    }
  });

/** As a process finds a record, or as it makes one. */
const beginning: fc.Arbitrary<TaskState> = fc
  .tuple(record, fc.boolean())
  .map(([found, isNew]) =>
    transition(stateOf(found), isNew && isCall(found) ? { type: "started" } : { type: "woken" }, T0),
  )
  .map(({ state }) => state);

// ── the walk ───────────────────────────────────────────────────────────────────────────────────

interface Move extends Step {
  readonly now: number;
  readonly before: TaskState;
  readonly after: Transition;
}

function repliesTo(happened: TaskEvent): Operation | undefined {
  switch (happened.type) {
    case "described":
      return "describe";
    case "called":
      return "call";
    case "polled":
      return "get";
    case "fetched":
      return "result";
    case "listed":
      return "list";
    case "delivered":
      return "answer";
    case "cancelTaken":
      return "cancel";
    case "requestFailed":
      return happened.operation;
    default:
      return undefined;
  }
}

const reached = new Set<string>();

/** Lets the steps happen one by one; where `lawful`, replies come only to what was sent. */
function walk(
  first: TaskState,
  path: readonly Step[],
  check: (move: Move) => void,
  lawful: boolean,
): TaskState {
  let state = deepFreeze(first);
  let now = T0;
  for (const step of path) {
    const operation = repliesTo(step.event);
    if (lawful && operation !== undefined && !state.inFlight.has(operation)) continue;
    if (lawful && step.event.type === "started") continue;
    now += step.afterMs;
    const after = deepFreeze(transition(state, deepFreeze(step.event), now));
    check({ ...step, now, before: state, after });
    reached
      .add(step.event.type)
      .add(after.state.record.stage)
      .add(after.state.record.outcome?.kind ?? "open");
    for (const command of after.commands) reached.add(`${command.type} ${command.operation}`);
    state = after.state;
  }
  return state;
}

function sends({ commands }: Transition): readonly Operation[] {
  return commands.flatMap(({ type, operation }) => (type === "send" ? [operation] : []));
}

function always(check: (move: Move) => void, lawful = false): void {
  fc.assert(
    fc.property(beginning, steps, (first, path) => {
      walk(first, path, check, lawful);
    }),
    RUNS,
  );
}

describe("whatever happens, in whatever order", () => {
  it("a transition changes nothing it was given, and gives the same twice", () => {
    always(({ before, event: happened, now, after }) => {
      expect(transition(before, happened, now)).toEqual(after);
    });
  });

  it("an outcome is written once", () => {
    always(({ before, after }) => {
      if (before.record.outcome) expect(after.state.record).toBe(before.record);
      expect(after.state.record.stage === "settled").toBe(after.state.record.outcome !== undefined);
    });
  });

  it("a record keeps its identity", () => {
    always(({ before, after }) => {
      // How a call is made changes only while it is queued.
      const made = ({ generation, call }: TaskRecord): unknown[] =>
        before.record.stage === "queued" ? [] : [generation, call.recovery];
      const kept = (record: TaskRecord): unknown[] => {
        const { v, id, endpoint, createdAt, call } = record;
        return [v, id, endpoint, createdAt, call.name, call.arguments, ...made(record)];
      };
      expect(kept(after.state.record)).toEqual(kept(before.record));
      if (before.record.taskId !== undefined) expect(after.state.record.taskId).toBe(before.record.taskId);
      if (before.record.acceptedAt !== undefined) {
        expect(after.state.record.acceptedAt).toBe(before.record.acceptedAt);
      }
    });
  });

  it("every change of the record, and nothing else, raises its rev by one", () => {
    always(({ before, after }) => {
      const changed = after.state.record !== before.record;
      expect(after.state.record.rev - before.record.rev).toBe(changed ? 1 : 0);
    });
  });

  it("at most one request of each kind is in flight", () => {
    always(({ before, event: happened, after }) => {
      const out = new Set(before.inFlight);
      const landed = repliesTo(happened);
      if (landed !== undefined) out.delete(landed);
      const sent = sends(after);
      expect(new Set(sent).size).toBe(sent.length);
      for (const operation of sent) expect(out.has(operation), operation).toBe(false);
      const { outcome } = after.state.record;
      if (!outcome) expect([...after.state.inFlight].sort()).toEqual([...out, ...sent].sort());
    });
  });

  it("once settled, the requests in flight are aborted, and nothing more is sent or awaited", () => {
    always(({ before, event: happened, after }) => {
      if (!after.state.record.outcome) {
        const abandoned = after.commands.filter(({ type }) => type === "abandon");
        // Abandoning the request is how a call without a task is cancelled: it settles when that has been done.
        expect(abandoned).toEqual(abandonsCall(after.state) ? [{ type: "abandon", operation: "call" }] : []);
        return;
      }
      expect(sends(after)).toEqual([]);
      expect(after.state.inFlight.size).toBe(0);
      expect(nextDue(after.state)).toBe(Number.POSITIVE_INFINITY);
      expect(after.state.record.inputs.filter(({ state }) => state === "open")).toEqual([]);
      if (before.record.outcome) {
        expect(after.commands).toEqual([]);
        return;
      }
      const out = new Set(before.inFlight);
      const landed = repliesTo(happened);
      if (landed !== undefined) out.delete(landed);
      expect(after.commands.map(({ operation }) => operation).sort()).toEqual([...out].sort());
    });
  });

  it("an answered question is never open again, unless the server refused the answer", () => {
    always(({ before, event: happened, after }) => {
      if (happened.type === "called") return;
      const refusal = happened.type === "requestFailed" && happened.operation === "answer";
      for (const input of before.record.inputs) {
        if (input.state !== "answered" && input.state !== "delivered") continue;
        const next = after.state.record.inputs.find(({ key }) => key === input.key);
        // It is open again, or would be, had the task not ended with that.
        const reopened = next?.state === (after.state.record.outcome ? "withdrawn" : "open");
        if (refusal && input.state === "answered" && reopened) {
          expect(["rpc", "http"]).toContain(happened.failure.kind);
          expect(wasRefused(happened.failure), "it was not the answer that was refused").toBe(false);
          continue;
        }
        expect(["answered", "delivered"]).toContain(next?.state);
        expect(next?.response).toEqual(input.response);
      }
    });
  });

  it("a time the server named is waited out", () => {
    always(({ before, now, after }) => {
      if (before.backoff?.demanded && now < before.backoff.until) expect(sends(after)).toEqual([]);
    }, true);
  });
});

describe("a task never stands still, and never spins", () => {
  it("with nothing in flight and no question open, it has a time at which it goes on", () => {
    always(({ after }) => {
      const { state } = after;
      if (state.record.outcome || state.record.stage === "asking" || state.inFlight.size > 0) return;
      expect(nextDue(state)).toBeLessThan(Number.POSITIVE_INFINITY);
    }, true);
  });

  it.each([
    ["after any event", false],
    ["after replies to what was sent", true],
  ])("asked again at the same moment, it soon asks for a later one: %s", (_what, lawful) => {
    always(({ now, after }) => {
      let { state } = after;
      const due = nextDue(state);
      const at = Math.max(now, due === Number.POSITIVE_INFINITY ? now : due);
      let rounds = 0;
      while (nextDue(state) <= at) {
        expect(++rounds, `it wants to be asked again at ${nextDue(state) - at} ms`).toBeLessThanOrEqual(3);
        state = transition(state, { type: "due" }, at).state;
      }
    }, lawful);
  });

  it("what it asks for at its time, it uses: something is sent, or it ends, or it waits for later", () => {
    always(({ now, after }) => {
      const due = nextDue(after.state);
      if (due === Number.POSITIVE_INFINITY) return;
      const next = transition(after.state, { type: "due" }, Math.max(now, due));
      const moved =
        next.commands.length > 0 || next.state.record !== after.state.record || nextDue(next.state) > due;
      expect(moved).toBe(true);
    }, true);
  });
});

describe("a call that may not be repeated", () => {
  it("is sent once, unless the server refused it or asked first", () => {
    const first = fc
      .constantFrom<"none" | "list">("none", "list")
      .map(
        (recovery) =>
          transition(stateOf(callingRecord({ call: { recovery } })), { type: "started" }, T0).state,
      );
    fc.assert(
      fc.property(first, steps, (state, path) => {
        let allowed = 0;
        walk(
          state,
          path,
          ({ event: happened, after }) => {
            if (happened.type === "called" && happened.reply.kind === "input") allowed++;
            const failedCall = happened.type === "requestFailed" && happened.operation === "call";
            const queued = after.state.record.stage === "queued";
            if (failedCall && (wasRefused(happened.failure) || queued)) allowed++;
            if (sends(after).includes("call")) expect(--allowed).toBeGreaterThanOrEqual(0);
          },
          true,
        );
      }),
      RUNS,
    );
  });
});

afterAll(() => {
  // The walks prove something only if they have been everywhere.
  for (const place of [
    "queued",
    "calling",
    "asking",
    "running",
    "settled",
    "completed",
    "failed",
    "cancelled",
    "expired",
    "lost",
    ...OPERATIONS.flatMap((operation) => [`send ${operation}`, `abandon ${operation}`]),
  ]) {
    expect(reached, "the random walks must have been there").toContain(place);
  }
});
