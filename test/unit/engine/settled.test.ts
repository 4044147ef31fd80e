import { describe, expect, it } from "vitest";
import type { Outcome } from "../../../src/engine/record.ts";
import { idleState, type Operation, type TaskEvent } from "../../../src/engine/state.ts";
import { deepFreeze, Walk } from "../../fixtures/engine-walk.ts";
import { network, rpcError } from "../../fixtures/failures.ts";
import { settledRecord, snapshotOf, stateOf, T0 } from "../../fixtures/records.ts";
import { SESSION_2026 } from "../../fixtures/scripted-server.ts";

const result = { content: [] };
const completed = {
  snapshot: snapshotOf({ status: "completed" }),
  payload: { kind: "result", result },
} as const;
const question = { key: "late", method: "elicitation/create", params: {} } as const;

const OUTCOMES: readonly Outcome[] = [
  { kind: "completed", result },
  { kind: "failed", error: { reason: "rpc", message: "No" } },
  { kind: "cancelled", confirmed: false },
  { kind: "expired", detail: "It passed" },
  { kind: "lost", detail: "Nobody knows" },
];

const OPERATIONS: readonly Operation[] = ["describe", "call", "get", "result", "list", "answer", "cancel"];

/** Every kind of event there is: a new kind does not compile until it is here. */
const EVENTS: Record<TaskEvent["type"], readonly TaskEvent[]> = {
  started: [{ type: "started" }],
  woken: [{ type: "woken" }],
  due: [{ type: "due" }, { type: "due", nudge: true }],
  described: [{ type: "described", description: { session: SESSION_2026, facts: undefined, cached: false } }],
  called: [
    { type: "called", reply: { kind: "result", result } },
    { type: "called", reply: { kind: "task", reading: completed } },
    { type: "called", reply: { kind: "input", requests: [question] } },
  ],
  streamed: [{ type: "streamed", stream: { requestId: 7, lastEventId: "event-1" } }],
  polled: [{ type: "polled", reading: completed }],
  fetched: [{ type: "fetched", payload: { kind: "error", error: { code: -1, message: "No" } } }],
  listed: [{ type: "listed", unclaimed: [completed] }],
  delivered: [{ type: "delivered", keys: ["late"] }],
  undeliverable: [{ type: "undeliverable", keys: ["late"], sessionId: "s1" }],
  cancelTaken: [{ type: "cancelTaken" }, { type: "cancelTaken", reading: completed }],
  requestFailed: OPERATIONS.flatMap((operation): TaskEvent[] => [
    { type: "requestFailed", operation, failure: network },
    { type: "requestFailed", operation, failure: rpcError(-32602) },
  ]),
  stillQueued: [{ type: "stillQueued" }],
  callAbandoned: [{ type: "callAbandoned" }],
  notified: [{ type: "notified", reading: completed }],
  pushing: [
    { type: "pushing", on: true },
    { type: "pushing", on: false },
  ],
  reused: [{ type: "reused", by: settledRecord() }],
  progressed: [{ type: "progressed", progress: { progress: 1 } }],
  asked: [{ type: "asked", request: question }],
  answered: [{ type: "answered", key: "late", response: {} }],
  cancelled: [{ type: "cancelled" }],
};

describe.each(OUTCOMES)("a task that ended as $kind", (outcome) => {
  it.each(Object.entries(EVENTS))("stays so, and sends nothing: %s", (_type, events) => {
    for (const event of events) {
      const record = settledRecord({ outcome });
      const walk = new Walk(stateOf(record, { inFlight: new Set(["get", "cancel"]) })).on(event, 86_400_000);
      expect(walk.record).toBe(record);
      expect(walk.sent).toEqual([]);
      expect(walk.due).toBe(Number.POSITIVE_INFINITY);
    }
  });
});

describe("idleState", () => {
  it("holds nothing but the record", () => {
    const record = deepFreeze(settledRecord());
    const state = idleState(record);
    expect(state).toMatchObject({ inFlight: new Set(), mayCall: false, failures: 0, pushed: false });
    expect(state.record).toBe(record);
    for (const held of ["backoff", "retry", "progress"] as const) expect(state[held]).toBeUndefined();
  });
});

describe("a settled record", () => {
  it("says when it ended, and keeps what led there", () => {
    const walk = new Walk(stateOf(settledRecord()));
    expect(walk.record).toMatchObject({ taskId: "task-1", settledAt: T0 + 5_000, snapshot: snapshotOf() });
  });
});
