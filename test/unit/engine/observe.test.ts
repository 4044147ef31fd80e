import { describe, expect, it } from "vitest";
import { observe } from "../../../src/engine/observe.ts";
import { outcomeOf, settle } from "../../../src/engine/outcome.ts";
import { endedAsPlainCall, openInputs } from "../../../src/engine/record.ts";
import { deepFreeze } from "../../fixtures/engine-walk.ts";
import { callingRecord, runningRecord, settledRecord, snapshotOf, T0 } from "../../fixtures/records.ts";

const result = { content: [{ type: "text", text: "done" }] };

describe("settle", () => {
  it("writes the first outcome, and never another", () => {
    const record = deepFreeze(settle(runningRecord(), { kind: "completed", result }, T0 + 9));
    expect(record).toMatchObject({ stage: "settled", settledAt: T0 + 9, outcome: { kind: "completed" } });
    expect(settle(record, { kind: "cancelled", confirmed: true }, T0 + 10)).toBe(record);
  });

  it("withdraws the questions that are open, and no others", () => {
    const inputs = (["open", "answered", "delivered", "withdrawn"] as const).map((state) => ({
      key: state,
      method: "elicitation/create" as const,
      params: {},
      askedAt: T0,
      state,
    }));
    const record = settle(deepFreeze(runningRecord({ inputs })), { kind: "lost", detail: "?" }, T0);
    expect(record.inputs.map(({ state }) => state)).toEqual([
      "withdrawn",
      "answered",
      "delivered",
      "withdrawn",
    ]);
    expect(openInputs(record)).toEqual([]);
  });
});

describe("observe", () => {
  it("gives the same record when nothing is new: the caller then writes nothing", () => {
    const record = deepFreeze(runningRecord());
    expect(observe(record, { snapshot: snapshotOf() }, T0 + 1)).toBe(record);
    expect(observe(record, { snapshot: snapshotOf(), inputRequests: [] }, T0 + 1)).toBe(record);
  });

  it("takes the reply to a later request for later, whatever its time stamp says: nodes have clocks of their own", () => {
    const earlier = snapshotOf({ lastUpdatedAt: new Date(T0 - 1).toISOString(), status: "input_required" });
    expect(observe(deepFreeze(runningRecord()), { snapshot: earlier }, T0 + 1).snapshot).toEqual(earlier);
  });

  it("gives the same record when only the time stamps moved", () => {
    const record = deepFreeze(runningRecord());
    const moved = new Date(T0 + 5_000).toISOString();
    const reading = { snapshot: snapshotOf({ createdAt: moved, lastUpdatedAt: moved }) };
    expect(observe(record, reading, T0 + 5_000)).toBe(record);
  });

  it("never takes a terminal status back", () => {
    const record = deepFreeze(runningRecord({ snapshot: snapshotOf({ status: "completed" }) }));
    expect(observe(record, { snapshot: snapshotOf({ status: "working" }) }, T0)).toBe(record);
  });

  const known = snapshotOf({ ttlMs: 7, pollIntervalMs: 60_000, statusMessage: "half" });

  it.each([
    ["a notification of the same status", true, "working", { statusMessage: "half" }],
    ["a notification of another status", true, "input_required", {}],
    ["a reply, which is complete", false, "working", {}],
  ] as const)("%s: what it leaves out stays as it was", (_what, partial, status, message) => {
    const bare = { taskId: "task-1", status };
    const { statusMessage: _half, ...rest } = known;
    const record = observe(deepFreeze(runningRecord({ snapshot: known })), { snapshot: bare }, T0, partial);
    expect(record.snapshot).toEqual({ ...rest, status, ...message });
  });

  it("a TTL of null is unlimited, and not left out", () => {
    const reading = { snapshot: { taskId: "task-1", status: "working", ttlMs: null } as const };
    expect(observe(runningRecord({ snapshot: known }), reading, T0).snapshot?.ttlMs).toBeNull();
  });

  it("leaves a settled record alone", () => {
    const record = deepFreeze(settledRecord());
    expect(observe(record, { snapshot: snapshotOf({ status: "cancelled" }) }, T0)).toBe(record);
  });

  it("notes the time of the first reading, and never another", () => {
    const first = observe(deepFreeze(callingRecord()), { snapshot: snapshotOf() }, T0 + 5);
    expect(first).toMatchObject({ stage: "running", taskId: "task-1", acceptedAt: T0 + 5 });
    const next = observe(first, { snapshot: snapshotOf({ statusMessage: "half" }) }, T0 + 500);
    expect(next.acceptedAt).toBe(T0 + 5);
  });

  it("notices a change of the ttl and of the interval", () => {
    const changed = snapshotOf({ ttlMs: 1, pollIntervalMs: 2 });
    expect(observe(runningRecord(), { snapshot: changed }, T0).snapshot).toEqual(changed);
  });
});

describe("outcomeOf: what failed means", () => {
  const failed = snapshotOf({ status: "failed", statusMessage: "It says" });
  const toolError = { ...result, isError: true };

  it.each([
    [
      "a result",
      snapshotOf({ status: "completed" }),
      { kind: "result", result },
      { kind: "completed", result },
    ],
    [
      "a tool's own failure of a completed task (2026-07-28)",
      snapshotOf({ status: "completed" }),
      { kind: "result", result: toolError },
      { kind: "completed", result: toolError },
    ],
    [
      "a tool's own failure of a failed task (2025-11-25)",
      failed,
      { kind: "result", result: toolError },
      { kind: "completed", result: toolError },
    ],
    [
      "a result that is not an error, of a failed task",
      failed,
      { kind: "result", result },
      { kind: "failed", error: { reason: "reported", message: "It says", result } },
    ],
    [
      "a JSON-RPC error",
      failed,
      { kind: "error", error: { code: -32603, message: "No" } },
      {
        kind: "failed",
        error: { reason: "rpc", message: "No: It says", rpc: { code: -32603, message: "No" } },
      },
    ],
  ] as const)("%s", (_what, snapshot, payload, outcome) => {
    expect(outcomeOf(snapshot, payload)).toEqual(outcome);
  });
});

describe("endedAsPlainCall", () => {
  const { taskId: _none, snapshot: _nothing, ...plain } = settledRecord();

  it("is true of what was answered at once", () => {
    expect(endedAsPlainCall(plain)).toBe(true);
    expect(
      endedAsPlainCall({ ...plain, outcome: { kind: "failed", error: { reason: "rpc", message: "No" } } }),
    ).toBe(true);
  });

  it("is false of a task, of an open call, and of a call that is lost", () => {
    expect(endedAsPlainCall(settledRecord())).toBe(false);
    expect(endedAsPlainCall(callingRecord())).toBe(false);
    expect(endedAsPlainCall({ ...plain, outcome: { kind: "lost", detail: "?" } })).toBe(false);
    const call = { ...plain.call, repeated: true } as const;
    expect(endedAsPlainCall({ ...plain, call: { ...call, asTask: false } })).toBe(true);
    expect(endedAsPlainCall({ ...plain, call: { ...call, asTask: true } })).toBe(false);
  });
});
