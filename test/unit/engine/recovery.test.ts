import { describe, expect, it } from "vitest";
import type { Recovery, TaskRecord } from "../../../src/engine/record.ts";
import { idleState } from "../../../src/engine/state.ts";
import type { TaskReading } from "../../../src/protocol/task-reading.ts";
import { Walk } from "../../fixtures/engine-walk.ts";
import { http, malformed, network, rpcError, timeout, unauthorized } from "../../fixtures/failures.ts";
import {
  callingRecord,
  runningRecord,
  settledRecord,
  snapshotOf,
  stateOf,
  T0,
} from "../../fixtures/records.ts";
import { SESSION_2025 } from "../../fixtures/scripted-server.ts";

const MINUTE = 60_000;

/** A process resumes a call whose reply the previous process never received. */
function woken(recovery: Recovery, afterMs = 10_000): Walk {
  const record = callingRecord({ generation: "2025-11-25", call: { recovery } });
  return new Walk(stateOf(record)).on({ type: "woken" }, afterMs);
}

function taskMadeAt(ms: number, taskId = "task-1"): TaskReading {
  return { snapshot: snapshotOf({ taskId, createdAt: new Date(T0 + ms).toISOString() }) };
}

describe("a call whose process ended before its reply", () => {
  it("that may be repeated is sent again", () => {
    expect(woken("repeat").sent).toEqual(["call"]);
  });

  it("that the server can list is looked for", () => {
    expect(woken("list").sent).toEqual(["list"]);
  });

  it("that cannot be found is lost, and reported as that", () => {
    const walk = woken("none");
    expect(walk.outcome).toMatchObject({ kind: "lost" });
    expect(walk.sent).toEqual([]);
  });
});

describe("a call that its server refused for now", () => {
  const REFUSALS = [
    ["HTTP 429", http(429)],
    ["HTTP 503 with Retry-After", http(503, 5_000)],
  ] as const;

  it.each(REFUSALS)("%s: the process that resumes it sends it, once", (_what, failure) => {
    for (const recovery of ["none", "list", "repeat"] as const) {
      const record = callingRecord({ generation: "2025-11-25", call: { recovery } });
      const before = new Walk(stateOf(record, { mayCall: true, reached: true })).on({ type: "started" });
      expect(before.sent).toEqual(["call"]);
      before.on({ type: "requestFailed", operation: "call", failure }, 100);
      expect(before.record.rev).toBe(record.rev + 1);
      const after = new Walk(idleState(before.record), before.now + 10_000).on({ type: "woken" });
      // Until it is connected, the record says that nothing was sent.
      expect(after.sent).toEqual(["describe"]);
      expect(after.record).toBe(before.record);
      const description = { session: SESSION_2025, facts: undefined, cached: true };
      expect(after.on({ type: "described", description }).sent).toEqual(["call"]);
      expect(after.record.call.repeated).toBeUndefined();
      // It has left again: what becomes of it is no longer known.
      const third = new Walk(idleState(after.record), after.now + 10_000).on({ type: "woken" });
      expect(third.sent).toEqual({ none: [], list: ["list"], repeat: ["call"] }[recovery]);
    }
  });
});

describe("a call that is looked for in the list", () => {
  it.each([
    ["made when the call was", 0],
    ["made by a clock five minutes slow", -5 * MINUTE],
    ["made by a clock five minutes fast", 10_000 + 5 * MINUTE],
  ])("is the one task nobody claims: %s", (_what, ms) => {
    const walk = woken("list").on({ type: "listed", unclaimed: [taskMadeAt(ms)] }, 0);
    expect(walk.record).toMatchObject({ stage: "running", taskId: "task-1", acceptedAt: T0 + 10_000 });
    expect(walk.outcome).toBeUndefined();
  });

  it.each([
    ["made long before it", -5 * MINUTE - 1],
    ["made long after it", 10_000 + 5 * MINUTE + 1],
  ])("is not a task %s", (_what, ms) => {
    const walk = woken("list").on({ type: "listed", unclaimed: [taskMadeAt(ms)] });
    expect(walk.record.stage).toBe("calling");
    expect(walk.record.taskId).toBeUndefined();
  });

  it("is the one that fits its time, whatever others there are", () => {
    const others = [taskMadeAt(-3_600_000, "old"), taskMadeAt(3_600_000, "new")];
    const walk = woken("list").on({ type: "listed", unclaimed: [...others, taskMadeAt(0)] });
    expect(walk.record.taskId).toBe("task-1");
  });

  it("may be a task whose time cannot be read", () => {
    const reading = { snapshot: snapshotOf({ createdAt: "" }) };
    expect(woken("list").on({ type: "listed", unclaimed: [reading] }).record.taskId).toBe("task-1");
  });

  it("is lost when more than one task fits: the app may choose among them", () => {
    const unclaimed = [taskMadeAt(0, "a"), taskMadeAt(100, "b")];
    const walk = woken("list").on({ type: "listed", unclaimed });
    // Another record may claim one of them meanwhile: it is looked again a few times.
    for (let attempt = 1; attempt < 5; attempt++) {
      expect(walk.outcome, `attempt ${attempt}`).toBeUndefined();
      expect(walk.onDue().sent).toEqual(["list"]);
      walk.on({ type: "listed", unclaimed });
    }
    expect(walk.outcome).toMatchObject({ kind: "lost", candidates: ["a", "b"] });
  });

  it("that has ended already is settled, once its result is there", () => {
    const reading = { snapshot: snapshotOf({ status: "completed" }) };
    const walk = woken("list").on({ type: "listed", unclaimed: [reading] });
    expect(walk.sent).toEqual(["result"]);
    walk.on({ type: "fetched", payload: { kind: "result", result: { content: [] } } });
    expect(walk.outcome?.kind).toBe("completed");
  });

  it("is looked for five times, and then lost: it may have been done", () => {
    const walk = woken("list");
    for (let attempt = 1; attempt < 5; attempt++) {
      walk.on({ type: "listed", unclaimed: [] });
      expect(walk.outcome, `attempt ${attempt}`).toBeUndefined();
      expect(walk.wait).toBeGreaterThan(0);
      expect(walk.onDue().sent).toEqual(["list"]);
    }
    expect(walk.on({ type: "listed", unclaimed: [] }).outcome?.kind).toBe("lost");
  });

  it.each([
    ["that the server refuses", rpcError(-32601)],
    ["that the server fails to make", http(500)],
    ["that cannot be read", malformed],
  ])("a list %s is asked for five times, and then the call is lost", (_what, failure) => {
    const walk = woken("list");
    for (let attempt = 1; attempt < 5; attempt++) {
      walk.on({ type: "requestFailed", operation: "list", failure });
      expect(walk.outcome, `attempt ${attempt}`).toBeUndefined();
      expect(walk.onDue().sent).toEqual(["list"]);
    }
    walk.on({ type: "requestFailed", operation: "list", failure });
    expect(walk.outcome).toMatchObject({ kind: "lost", detail: expect.stringContaining(failure.message) });
  });

  it("in the same process, after a timeout, the same", () => {
    const record = callingRecord({ generation: "2025-11-25", call: { recovery: "list" } });
    const walk = new Walk(stateOf(record)).on({ type: "started" });
    walk.on({ type: "requestFailed", operation: "call", failure: timeout }, MINUTE).onDue();
    expect(walk.sent).toEqual(["list"]);
    walk.on({ type: "listed", unclaimed: [taskMadeAt(20)] });
    expect(walk.record.taskId).toBe("task-1");
  });

  it("is not sent again because a list came up empty", () => {
    const walk = woken("list");
    for (let attempt = 1; attempt < 5; attempt++) {
      walk.on({ type: "listed", unclaimed: [] });
      expect(walk.onDue().sent, `attempt ${attempt}`).not.toContain("call");
    }
  });
});

describe("a lost call in many short processes", () => {
  /** A process that lives for one search: it wakes, waits for its turn if it must, and asks for the list once. */
  function life(record: TaskRecord, now: number): Walk {
    const walk = new Walk(idleState(record), now).on({ type: "woken" });
    if (walk.sent.length === 0) walk.onDue();
    expect(walk.sent).toEqual(["list"]);
    return walk;
  }
  const calling = callingRecord({ generation: "2025-11-25", call: { recovery: "list" } });

  it.each([
    ["does not show it", { type: "listed", unclaimed: [] }],
    ["shows two it may be", { type: "listed", unclaimed: [taskMadeAt(0, "a"), taskMadeAt(1, "b")] }],
    ["is refused", { type: "requestFailed", operation: "list", failure: rpcError(-32601) }],
  ] as const)("is lost once the fifth list %s, counted over all of them", (_what, event) => {
    let walk = life(calling, T0);
    for (let search = 1; search < 5; search++) {
      walk.on(event, 10);
      expect(walk.outcome, `search ${search}`).toBeUndefined();
      walk = life(walk.record, walk.now);
    }
    expect(walk.on(event, 10).outcome?.kind).toBe("lost");
  });

  it("is searched for no sooner by a new process than by the one before, nor when the page comes back", () => {
    const before = life(calling, T0).on({ type: "listed", unclaimed: [] });
    const after = new Walk(idleState(before.record), before.now + 1).on({ type: "woken" });
    expect(after.sent).toEqual([]);
    expect(after.due).toBe(before.due);
    expect(after.on({ type: "due", nudge: true }).sent).toEqual([]);
  });

  it("waits for one step at most when the clock was set back meanwhile", () => {
    const before = life(calling, T0).on({ type: "listed", unclaimed: [] });
    const after = new Walk(idleState(before.record), T0 - 24 * 3_600_000).on({ type: "woken" });
    expect(after.wait).toBeLessThanOrEqual(1_000);
  });

  it("is found by a later one, and then nothing is left of the searches", () => {
    const before = life(calling, T0).on({ type: "listed", unclaimed: [] });
    const walk = life(before.record, T0 + 5_000).on({ type: "listed", unclaimed: [taskMadeAt(20)] });
    expect(walk.record).toMatchObject({ stage: "running", taskId: "task-1" });
    expect(walk.record.search).toBeUndefined();
  });
});

describe("a lost call whose server is away", () => {
  const AWAY = [
    ["cannot be reached", network],
    ["does not reply", timeout],
    ["is behind a gateway that says 502", http(502)],
    ["asks for a retry later", http(503, 5_000)],
    ["wants a sign-in", unauthorized],
  ] as const;

  it.each(AWAY)("is not lost while the server %s, and is found when it is back", (_what, failure) => {
    const walk = woken("list");
    for (let search = 0; search < 50; search++) {
      walk.on({ type: "requestFailed", operation: "list", failure }).onDue();
      expect(walk.sent, `search ${search}`).toEqual(["list"]);
    }
    walk.on({ type: "listed", unclaimed: [taskMadeAt(0)] });
    expect(walk.record).toMatchObject({ stage: "running", taskId: "task-1" });
    expect(walk.record.silentSince).toBeUndefined();
  });

  it.each(AWAY)("is lost a day after the server %s first, after five searches more", (_what, failure) => {
    const first = woken("list").on({ type: "requestFailed", operation: "list", failure });
    const walk = new Walk(idleState(first.record), first.now + 24 * 3_600_000).on({ type: "woken" });
    for (let search = 1; search < 5; search++) {
      walk.on({ type: "requestFailed", operation: "list", failure });
      expect(walk.outcome, `search ${search}`).toBeUndefined();
      expect(walk.onDue().sent).toEqual(["list"]);
    }
    walk.on({ type: "requestFailed", operation: "list", failure });
    expect(walk.outcome).toMatchObject({ kind: "lost", detail: expect.stringContaining(failure.message) });
  });

  it("writes the record once, however often it fails", () => {
    const walk = woken("list").on({ type: "requestFailed", operation: "list", failure: network });
    const { rev } = walk.record;
    for (let search = 0; search < 10; search++)
      walk.onDue().on({ type: "requestFailed", operation: "list", failure: network });
    expect(walk.record.rev).toBe(rev);
  });

  it("is given up within minutes once it was cancelled", () => {
    const walk = woken("list").on({ type: "cancelled" });
    const cancelledAt = walk.now;
    for (let search = 0; search < 50 && !walk.outcome; search++) {
      walk.on({ type: "requestFailed", operation: "list", failure: network });
      if (!walk.outcome) walk.onDue();
    }
    expect(walk.outcome?.kind).toBe("lost");
    expect(walk.now - cancelledAt).toBeGreaterThan(300_000);
    expect(walk.now - cancelledAt).toBeLessThan(600_000);
  });
});

describe("a task that a new process resumes", () => {
  it.each(["2025-11-25", "2026-07-28"] as const)("costs one request: a poll (%s)", (generation) => {
    const walk = new Walk(stateOf(runningRecord({ generation }))).on({ type: "woken" }, 3_600_000);
    expect(walk.sent).toEqual(["get"]);
  });

  it("and that needs input is listened to as well (2025-11-25)", () => {
    const record = runningRecord({
      generation: "2025-11-25",
      snapshot: snapshotOf({ status: "input_required" }),
    });
    expect(new Walk(stateOf(record)).on({ type: "woken" }).sent).toEqual(["result", "get"]);
  });

  it.each([
    ["2025-11-25", "result"],
    ["2026-07-28", "get"],
  ] as const)("and that had ended is asked only for its payload (%s)", (generation, operation) => {
    const record = runningRecord({ generation, snapshot: snapshotOf({ status: "completed" }) });
    expect(new Walk(stateOf(record)).on({ type: "woken" }).sent).toEqual([operation]);
  });

  it("and that is settled is left alone", () => {
    const walk = new Walk(stateOf(settledRecord())).on({ type: "woken" });
    expect(walk.commands).toEqual([]);
    expect(walk.due).toBe(Number.POSITIVE_INFINITY);
  });
});
