import { describe, expect, it } from "vitest";
import type { Recovery } from "../../../src/engine/record.ts";
import { idleState } from "../../../src/engine/state.ts";
import type { TaskReading } from "../../../src/protocol/task-reading.ts";
import { Walk } from "../../fixtures/engine-walk.ts";
import { http, network, rpcError, timeout } from "../../fixtures/faults.ts";
import {
  callingRecord,
  runningRecord,
  settledRecord,
  snapshotOf,
  stateOf,
  T0,
} from "../../fixtures/records.ts";

const MINUTE = 60_000;

/** A process takes up a call whose reply the one before it never saw. */
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

describe("a call that its server refused for now, or that never left", () => {
  const REFUSALS = [
    ["HTTP 429", http(429)],
    ["HTTP 503 with Retry-After", http(503, 5_000)],
    ["a request that never left", { ...network, unsent: true } as const],
  ] as const;

  it.each(REFUSALS)("%s: whoever takes it up sends it, once", (_what, fault) => {
    for (const recovery of ["none", "list", "repeat"] as const) {
      const record = callingRecord({ generation: "2025-11-25", call: { recovery } });
      const before = new Walk(stateOf(record, { mayCall: true })).on({ type: "started" });
      expect(before.sent).toEqual(["call"]);
      before.on({ type: "faulted", operation: "call", fault }, 100);
      expect(before.record.rev).toBe(record.rev + 1);
      const after = new Walk(idleState(before.record), before.now + 10_000).on({ type: "woken" });
      expect(after.sent).toEqual(["call"]);
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
    ["that fails", network],
    ["that the server refuses", rpcError(-32601)],
  ])("a list %s is asked for five times, and then the call is lost", (_what, fault) => {
    const walk = woken("list");
    for (let attempt = 1; attempt < 5; attempt++) {
      walk.on({ type: "faulted", operation: "list", fault });
      expect(walk.outcome, `attempt ${attempt}`).toBeUndefined();
      expect(walk.onDue().sent).toEqual(["list"]);
    }
    walk.on({ type: "faulted", operation: "list", fault });
    expect(walk.outcome).toMatchObject({ kind: "lost", detail: expect.stringContaining(fault.message) });
  });

  it("in the same process, after a timeout, the same", () => {
    const record = callingRecord({ generation: "2025-11-25", call: { recovery: "list" } });
    const walk = new Walk(stateOf(record)).on({ type: "started" });
    walk.on({ type: "faulted", operation: "call", fault: timeout }, MINUTE).onDue();
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

describe("a task that a new process takes up", () => {
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
