import { describe, expect, it } from "vitest";
import { begun } from "../../../src/engine/effects.ts";
import type { Policy } from "../../../src/engine/policy.ts";
import type { TaskRecord } from "../../../src/engine/record.ts";
import type { RequestFailure } from "../../../src/engine/request-failure.ts";
import { idleState, type TaskEvent, type TaskState } from "../../../src/engine/state.ts";
import { transition } from "../../../src/engine/transition.ts";
import type { ResponseStream } from "../../../src/protocol/response-stream.ts";
import { Walk } from "../../fixtures/engine-walk.ts";
import { http, malformed, network, rpcError, timeout, unauthorized } from "../../fixtures/failures.ts";
import { POLICY } from "../../fixtures/policy.ts";
import { callingRecord, snapshotOf, stateOf, T0 } from "../../fixtures/records.ts";

const SHARED: Policy = { ...POLICY, shared: true };
const DAY = 86_400_000;
const STREAM: ResponseStream = { requestId: 7, lastEventId: "event-1", sessionId: "s1" };
const forgotten: RequestFailure = { kind: "network", message: "HTTP 404", forgotten: true };
const refusedHandshake = { ...rpcError(-32600), unsent: true } as RequestFailure;
const result = { content: [] };

const eventOf = (lastEventId: string): TaskEvent => ({
  type: "streamed",
  stream: { ...STREAM, lastEventId },
});
const callFailed = (failure: RequestFailure): TaskEvent => ({
  type: "requestFailed",
  operation: "call",
  failure,
});

function plainRecord(call: Partial<TaskRecord["call"]> = {}, fields: Partial<TaskRecord> = {}): TaskRecord {
  return callingRecord({ generation: "2025-11-25", ...fields, call: { asTask: false, ...call } });
}

/** A plain call that this process has just sent. */
function sent(call: Partial<TaskRecord["call"]> = {}): TaskState {
  return transition(begun(idleState(plainRecord(call)), SHARED), { type: "started" }, T0, SHARED).state;
}

/** A plain call that a later process resumes. */
function resumed(call: Partial<TaskRecord["call"]> = {}, afterMs = 10_000): Walk {
  const record = plainRecord(call, { stream: { ...STREAM, at: T0 } });
  return new Walk(stateOf(record)).on({ type: "woken" }, afterMs);
}

describe("an event id on the response stream of a plain call in flight", () => {
  it("makes the call durable, once, and no app sees a change", () => {
    const state = sent();
    expect(state.ephemeral).toBe(true);
    const first = transition(state, eventOf("event-1"), T0 + 10, SHARED);
    expect(first).toMatchObject({ persist: "write", publish: undefined, commands: [] });
    expect(first.state.record.stream).toEqual({ ...STREAM, at: T0 + 10 });
    expect(first.state.ephemeral).toBeUndefined();
    for (let ms = 20; ms < 30_000; ms += 100) {
      const next = transition(first.state, eventOf(`event-${ms}`), T0 + ms, SHARED);
      expect(next.persist).toBeUndefined();
    }
    const later = transition(first.state, eventOf("event-9"), T0 + 30_010, SHARED);
    expect(later.persist).toBe("write");
    expect(later.state.record.stream?.lastEventId).toBe("event-9");
  });

  it.each([
    ["removed at once where its caller has the end in hand", POLICY, "remove"],
    ["removed once it was published", SHARED, "removeOncePublished"],
    ["kept where plain calls are persisted", { ...SHARED, persistPlain: true }, "write"],
  ] as const)("leaves a record that is %s", (_what, policy, persist) => {
    const { state } = transition(sent(), eventOf("event-1"), T0, policy);
    const end = transition(state, { type: "called", reply: { kind: "result", result } }, T0, policy);
    expect(end.persist).toBe(persist);
    expect(end.state.record).not.toHaveProperty("stream");
  });

  it("is not stored for a call that asked for a task, beyond a bound, or without a call in flight", () => {
    const asked = transition(sent({ asTask: true }), eventOf("event-1"), T0, SHARED);
    expect(asked.state.record).not.toHaveProperty("stream");
    const long = transition(sent(), eventOf("x".repeat(2_001)), T0, SHARED);
    expect(long.state.record).not.toHaveProperty("stream");
    const { state } = transition(sent(), callFailed(network), T0, SHARED);
    expect(transition(state, eventOf("event-1"), T0, SHARED).state.record).not.toHaveProperty("stream");
  });

  it("is dropped when the server makes a task of the call", () => {
    const { state } = transition(sent(), eventOf("event-1"), T0, SHARED);
    const reading = { snapshot: snapshotOf() };
    const named = transition(state, { type: "called", reply: { kind: "task", reading } }, T0, SHARED).state;
    expect(named.record.stage).toBe("running");
    expect(named.record).not.toHaveProperty("stream");
  });

  it("ends the failures before it: the server answers", () => {
    const walk = resumed();
    const { rev: _one, ...before } = walk.record;
    walk.on(callFailed(network)).onDue();
    expect(Object.keys(walk.record).length).toBeGreaterThan(Object.keys(before).length + 1);
    walk.on(eventOf("event-2"), 10);
    const { rev: _two, ...after } = walk.record;
    expect(after).toEqual(before);
    expect(walk.state).toMatchObject({ failures: 0, retry: undefined });
  });
});

describe("a plain call whose response stream can be resumed", () => {
  it.each(["none", "repeat"] as const)("is awaited, and not sent again (recovery %s)", (recovery) => {
    const walk = resumed({ recovery });
    expect(walk.sent).toEqual(["call"]);
    expect(walk.record).toMatchObject({ stage: "calling", stream: STREAM });
    expect(walk.record.call.repeated).toBeUndefined();
    walk.on({ type: "called", reply: { kind: "result", result } });
    expect(walk.outcome).toEqual({ kind: "completed", result });
  });

  it.each<[string, RequestFailure]>([
    ["the network", network],
    ["a failed connect", { kind: "network", message: "Refused", unsent: true }],
    ["a connect that took too long", { kind: "timeout", message: "No reply", unsent: true }],
    ["a missing sign-in", unauthorized],
    ["a handshake that is refused", refusedHandshake],
    ["HTTP 429", http(429, 5_000)],
    ["HTTP 503", http(503)],
    ["HTTP 500", http(500)],
  ])("waits out %s, for a day at most", (_what, failure) => {
    for (const recovery of ["none", "repeat"] as const) {
      const walk = resumed({ recovery }).on(callFailed(failure), 100);
      expect(walk.outcome).toBeUndefined();
      expect(walk.record).toMatchObject({ stage: "calling", stream: STREAM });
      const since = walk.now;
      walk.onDue();
      expect(walk.sent).toEqual(["call"]);
      expect(walk.record.call.repeated).toBeUndefined();
      walk.on(callFailed(failure), DAY - (walk.now - since) - 1);
      expect(walk.outcome).toBeUndefined();
      walk.onDue();
      walk.on(callFailed(failure), 10_000);
      expect(walk.record).not.toHaveProperty("stream");
      if (recovery === "none") expect(walk.outcome).toMatchObject({ kind: "lost" });
      else expect(walk.onDue().record.call.repeated).toBe(true);
    }
  });

  it("is written once, however often its server cannot be reached", () => {
    const walk = resumed().on(callFailed(network));
    const { rev } = walk.record;
    for (let attempt = 0; attempt < 10; attempt++) walk.onDue().on(callFailed(network), 100);
    expect(walk.record.rev).toBe(rev);
  });

  it("is lost once the server has forgotten the stream", () => {
    const walk = resumed().on(callFailed(forgotten));
    expect(walk.outcome).toEqual({ kind: "lost", detail: "The call got no reply: HTTP 404" });
  });

  it("is sent again once the server has forgotten the stream, if it may be repeated", () => {
    const walk = resumed({ recovery: "repeat" }).on(callFailed(forgotten)).onDue();
    expect(walk.sent).toEqual(["call"]);
    expect(walk.record.call.repeated).toBe(true);
    expect(walk.record).not.toHaveProperty("stream");
  });

  it.each<[string, RequestFailure, object]>([
    ["a JSON-RPC error", rpcError(-32000), { kind: "failed", error: { reason: "rpc" } }],
    ["a reply that cannot be read", malformed, { kind: "failed", error: { reason: "malformed" } }],
    ["silence for the whole timeout, which cancels it at the server", timeout, { kind: "lost" }],
  ])("ends with %s", (_what, failure, outcome) => {
    expect(resumed().on(callFailed(failure)).outcome).toMatchObject(outcome);
  });

  it("is cancelled by giving its request up, or at once while nothing is in flight", () => {
    const inFlight = resumed().on({ type: "cancelled" });
    expect(inFlight.abandoned).toEqual(["call"]);
    inFlight.on({ type: "callAbandoned" });
    expect(inFlight.outcome).toEqual({ kind: "cancelled", confirmed: false });
    const waiting = resumed().on(callFailed(network)).on({ type: "cancelled" });
    expect(waiting.outcome).toEqual({ kind: "cancelled", confirmed: false });
    expect(waiting.sent).toEqual([]);
  });

  it("is tried days after its process, and given up after a week: every process may end too soon", () => {
    expect(resumed({}, 6 * DAY).sent).toEqual(["call"]);
    expect(resumed({}, 8 * DAY).outcome).toMatchObject({ kind: "lost" });
    expect(resumed({ recovery: "repeat" }, 8 * DAY).record.call.repeated).toBe(true);
  });
});
