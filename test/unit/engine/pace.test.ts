import { describe, expect, it } from "vitest";
import type { TaskRecord } from "../../../src/engine/record.ts";
import { DEFAULT_TIMING, type Timing } from "../../../src/engine/schedule.ts";
import type { TaskState } from "../../../src/engine/state.ts";
import { Walk } from "../../fixtures/engine-walk.ts";
import { callingRecord, runningRecord, snapshotOf, stateOf, T0 } from "../../fixtures/records.ts";

const KEPT: Partial<Timing> = { persistPace: true };
const reading = { snapshot: snapshotOf(), inputRequests: [] };

function running(record: TaskRecord = runningRecord(), timing = KEPT): Walk {
  return new Walk(stateOf(record, { pollAt: T0 + 1_000 }), T0, timing);
}

/** Another process takes the task up, some ms later. */
function woken(state: TaskState, now: number, timing: Partial<Timing> = KEPT): Walk {
  return new Walk(stateOf(state.record), now, timing).on({ type: "woken" });
}

describe("a task whose pace is kept", () => {
  it("has the time of a poll written with the very change that sends it", () => {
    const walk = running();
    const { rev } = walk.record;
    walk.onDue();
    expect(walk.sent).toEqual(["get"]);
    expect(walk.record).toMatchObject({ polledAt: T0 + 1_000, rev: rev + 1 });
    walk.on({ type: "polled", reading }, 100);
    expect(walk.record, "one write a poll").toMatchObject({ polledAt: T0 + 1_000, rev: rev + 1 });
  });

  it.each([0, 300, 999])(
    "that is resumed %i ms after its poll waits for the rest of the interval",
    (afterMs) => {
      const walk = running().onDue();
      const next = woken(walk.state, walk.now + afterMs);
      expect(next.sent).toEqual([]);
      expect(next.wait).toBe(1_000 - afterMs);
      expect(next.onDue().sent).toEqual(["get"]);
    },
  );

  it("that is resumed later than that is polled at once", () => {
    const walk = running().onDue();
    expect(woken(walk.state, walk.now + 1_000).sent).toEqual(["get"]);
  });

  it("whose interval the last reply changed is polled by the new one", () => {
    const walk = running().onDue();
    walk.on(
      { type: "polled", reading: { ...reading, snapshot: snapshotOf({ pollIntervalMs: 9_000 }) } },
      100,
    );
    expect(woken(walk.state, walk.now).wait).toBe(8_900);
  });

  it("is not polled before the first interval has passed since its handle came", () => {
    const walk = new Walk(stateOf(callingRecord(), { mayCall: true }), T0, KEPT).on({ type: "started" });
    walk.on({ type: "called", reply: { kind: "task", reading } }, 200);
    const next = woken(walk.state, walk.now + 100);
    expect(next.sent).toEqual([]);
    expect(next.wait).toBe(900);
  });

  it("respects the Retry-After of the server in every process that runs it", () => {
    const walk = running().onDue();
    const failure = { kind: "http", status: 429, message: "Too many", retryAfterMs: 30_000 } as const;
    walk.on({ type: "requestFailed", operation: "get", failure }, 100);
    expect(walk.record.heldUntil).toBe(walk.now + 30_000);
    const next = woken(walk.state, walk.now + 5_000);
    expect(next.sent).toEqual([]);
    expect(next.wait).toBe(25_000);
    expect(next.on({ type: "due", nudge: true }).sent, "the server named the time").toEqual([]);
    expect(woken(walk.state, walk.now + 31_000).sent).toEqual(["get"]);
  });

  it("goes on being kept by a process that was not asked to", () => {
    const walk = woken(running().onDue().state, T0 + 5_000, {});
    expect(walk.sent).toEqual(["get"]);
    expect(walk.record.polledAt).toBe(T0 + 5_000);
  });

  it("is late by one interval at most when the clock was set back", () => {
    const walk = running().onDue();
    expect(woken(walk.state, T0 - 3_600_000).wait).toBe(1_000);
  });

  it("that is over is not held up by it", () => {
    const record = runningRecord({ snapshot: snapshotOf({ status: "completed" }), polledAt: T0 });
    expect(woken(stateOf(record), T0 + 1).sent).toEqual(["get"]);
  });
});

describe("a task whose pace is not kept", () => {
  it("costs no write a poll, and is polled at once by the process that resumes it", () => {
    const walk = running(runningRecord(), {});
    const { record } = walk;
    walk.onDue().on({ type: "polled", reading }, 100);
    expect(walk.record).toBe(record);
    expect(DEFAULT_TIMING.persistPace).toBeUndefined();
    expect(woken(walk.state, walk.now + 1, {}).sent).toEqual(["get"]);
  });
});
