import { describe, expect, it } from "vitest";
import { DEFAULT_TIMING, deadline } from "../../../src/engine/schedule.ts";
import { Walk } from "../../fixtures/engine-walk.ts";
import { network, rpcError, unknownTask } from "../../fixtures/failures.ts";
import { runningRecord, snapshotOf, stateOf, T0 } from "../../fixtures/records.ts";

const TTL = 60_000;

function polledAt(ms: number, ttlMs: number | null = TTL): Walk {
  const record = runningRecord({ snapshot: snapshotOf({ ttlMs }) });
  return new Walk(stateOf(record, { pollAt: T0 })).on({ type: "due" }, ms);
}
const still = (status: "working" | "input_required" = "working", ttlMs: number | null = TTL) =>
  ({ type: "polled", reading: { snapshot: snapshotOf({ status, ttlMs }), inputRequests: [] } }) as const;

describe("the TTL of a task", () => {
  it("counts from the arrival of the handle, by our own clock", () => {
    const record = runningRecord({
      snapshot: snapshotOf({ ttlMs: TTL }),
      createdAt: T0 - 9_000,
      acceptedAt: T0,
    });
    expect(deadline(record)).toBe(T0 + TTL);
    expect(deadline(runningRecord({ snapshot: snapshotOf({ ttlMs: null }) }))).toBe(Number.POSITIVE_INFINITY);
    expect(deadline(runningRecord({ snapshot: snapshotOf({ ttlMs: 0 }) }))).toBe(T0);
  });

  it.each([0, 3_600, TTL])("of %s ms never ends a task whose server still answers", (ttlMs) => {
    for (const status of ["working", "input_required"] as const) {
      const walk = polledAt(365 * 86_400_000, ttlMs).on(still(status, ttlMs));
      expect(walk.outcome).toBeUndefined();
      expect(walk.due).toBeLessThan(Number.POSITIVE_INFINITY);
    }
  });

  it("passing ends nothing by itself: the server is asked", () => {
    expect(polledAt(TTL * 100).sent).toEqual(["get"]);
    expect(polledAt(TTL * 100).outcome).toBeUndefined();
  });

  it("a result that comes after it is still a result", () => {
    const result = { content: [] };
    const reading = {
      snapshot: snapshotOf({ status: "completed", ttlMs: TTL }),
      payload: { kind: "result", result } as const,
    };
    expect(polledAt(TTL * 10).on({ type: "polled", reading }).outcome).toEqual({ kind: "completed", result });
  });

  it("that the server has lengthened meanwhile is the longer one", () => {
    const walk = polledAt(TTL * 2).on(still("working", TTL * 10));
    expect(walk.outcome).toBeUndefined();
    expect(walk.record.snapshot?.ttlMs).toBe(TTL * 10);
  });

  it("null is for ever", () => {
    const year = 365 * 86_400_000;
    expect(polledAt(year, null).on(still("working", null)).outcome).toBeUndefined();
  });

  it("that passed while the server could not be reached: expired after a day of silence, not before", () => {
    const walk = polledAt(TTL + 1);
    const silentFrom = walk.now;
    walk.on({ type: "requestFailed", operation: "get", failure: network });
    while (walk.now < silentFrom + DEFAULT_TIMING.unreachableMs) {
      expect(walk.outcome).toBeUndefined();
      walk.onDue().on({ type: "requestFailed", operation: "get", failure: network });
    }
    expect(walk.outcome).toMatchObject({ kind: "expired", detail: expect.stringContaining(network.message) });
  });

  it("that passed: the silence counts over several processes, and ends with the first reply", () => {
    const walk = polledAt(TTL + 1);
    const fail = (): Walk => walk.on({ type: "requestFailed", operation: "get", failure: network });
    for (let attempt = 1; attempt < 5; attempt++) fail().onDue();
    const since = TTL + 1 + T0;
    expect(fail().record.silentSince).toBe(since);
    const later = new Walk(stateOf(walk.record), since + DEFAULT_TIMING.unreachableMs).on({ type: "woken" });
    for (let attempt = 1; attempt < 5; attempt++) {
      later.on({ type: "requestFailed", operation: "get", failure: network });
      expect(later.outcome, "one failure is no silence").toBeUndefined();
      later.onDue();
    }
    expect(later.on({ type: "requestFailed", operation: "get", failure: network }).outcome?.kind).toBe(
      "expired",
    );
    expect(walk.onDue().on(still()).record.silentSince).toBeUndefined();
  });

  it("that has not passed: no number of request failures ends the task", () => {
    const walk = polledAt(0, 86_400_000);
    for (let attempt = 0; attempt < 50; attempt++) {
      walk.on({ type: "requestFailed", operation: "get", failure: network }, 1).onDue();
    }
    expect(walk.outcome).toBeUndefined();
  });
});

describe("a task the server does not know", () => {
  it.each([
    ["-32602, as the specification says", unknownTask],
    ["-32002, by older habit", rpcError(-32002)],
  ])("%s: lost before its TTL, expired after", (_what, failure) => {
    const before = polledAt(TTL - 1).on({ type: "requestFailed", operation: "get", failure });
    expect(before.outcome).toMatchObject({ kind: "lost", detail: expect.stringContaining("task-1") });
    const after = polledAt(TTL).on({ type: "requestFailed", operation: "get", failure });
    expect(after.outcome).toMatchObject({ kind: "expired", detail: expect.stringContaining("task-1") });
  });

  it("without a TTL is lost, whenever", () => {
    const walk = polledAt(365 * 86_400_000, null).on({
      type: "requestFailed",
      operation: "get",
      failure: unknownTask,
    });
    expect(walk.outcome?.kind).toBe("lost");
  });

  it("when its result is fetched (2025-11-25): the same", () => {
    const fetching = (ms: number): Walk => {
      const record = runningRecord({
        generation: "2025-11-25",
        snapshot: snapshotOf({ status: "completed", ttlMs: TTL }),
      });
      return new Walk(stateOf(record)).on({ type: "woken" }, ms);
    };
    const failure = { type: "requestFailed", operation: "result", failure: unknownTask } as const;
    expect(fetching(TTL - 1).on(failure).outcome?.kind).toBe("lost");
    expect(fetching(TTL).on(failure).outcome?.kind).toBe("expired");
  });
});
