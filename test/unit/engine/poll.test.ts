import { describe, expect, it } from "vitest";
import type { TaskReading } from "../../../src/protocol/task-reading.ts";
import { Walk } from "../../fixtures/engine-walk.ts";
import { runningRecord, snapshotOf, stateOf, T0 } from "../../fixtures/records.ts";

const result = { content: [{ type: "text", text: "done" }] };

/** A reading of the task, some ms after its beginning by the server's clock. */
function seen(
  fields: Parameters<typeof snapshotOf>[0] = {},
  atMs = 0,
  rest: Partial<TaskReading> = {},
): TaskReading {
  const lastUpdatedAt = new Date(T0 + atMs).toISOString();
  return { snapshot: snapshotOf({ lastUpdatedAt, ...fields }), inputRequests: [], ...rest };
}

function running(fields: Parameters<typeof runningRecord>[0] = {}): Walk {
  return new Walk(stateOf(runningRecord(fields), { pollAt: T0 + 1_000 }));
}

describe("polling", () => {
  it("is due when the server's interval has passed, not before", () => {
    const walk = running();
    expect(walk.due).toBe(T0 + 1_000);
    expect(walk.on({ type: "due" }, 999).sent).toEqual([]);
    expect(walk.on({ type: "due" }, 1).sent).toEqual(["get"]);
  });

  it("is one request at a time", () => {
    const walk = running().onDue();
    expect(walk.due).toBe(Number.POSITIVE_INFINITY);
    expect(walk.on({ type: "due" }, 60_000).sent).toEqual([]);
    expect(walk.on({ type: "due", nudge: true }).sent).toEqual([]);
  });

  it("goes on at the interval of the last reply, which may change", () => {
    const walk = running().onDue();
    walk.on({ type: "polled", reading: seen({ pollIntervalMs: 7_000 }) }, 250);
    expect(walk.wait).toBe(7_000);
    walk.onDue().on({ type: "polled", reading: seen({ pollIntervalMs: 2_000 }) });
    expect(walk.wait).toBe(2_000);
  });

  it("a nudge does not make it sooner than the server asks", () => {
    const walk = running();
    expect(walk.on({ type: "due", nudge: true }, 500).sent).toEqual([]);
    expect(walk.due).toBe(T0 + 1_000);
  });

  it("a task that a new process resumes is polled at once, once", () => {
    const walk = running().on({ type: "woken" }, 3_600_000);
    expect(walk.sent).toEqual(["get"]);
  });

  it("a reading that says nothing new leaves the record as it is: nothing is written", () => {
    const walk = running().onDue();
    const before = walk.record;
    expect(walk.on({ type: "polled", reading: seen() }).record).toBe(before);
  });

  it("about another task than the record's changes nothing: another process made the call again meanwhile", () => {
    const walk = running().onDue();
    const before = walk.record;
    const { snapshot } = seen({ status: "completed" });
    const reading = { snapshot: { ...snapshot, taskId: "an earlier task" } };
    expect(walk.on({ type: "polled", reading }).record).toBe(before);
  });

  it("a reading that says something new is kept", () => {
    const walk = running()
      .onDue()
      .on({ type: "polled", reading: seen({ statusMessage: "half" }, 500) });
    expect(walk.record.snapshot?.statusMessage).toBe("half");
  });
});

describe("the end of a task, 2026-07-28", () => {
  it("a result inline settles it", () => {
    const reading = seen({ status: "completed" }, 900, { payload: { kind: "result", result } });
    const walk = running().onDue().on({ type: "polled", reading }, 30);
    expect(walk.outcome).toEqual({ kind: "completed", result });
    expect(walk.record).toMatchObject({ stage: "settled", settledAt: T0 + 1_030 });
    expect(walk.due).toBe(Number.POSITIVE_INFINITY);
  });

  it("the tool's own failure is a completed task", () => {
    const payload = { kind: "result", result: { ...result, isError: true } } as const;
    const walk = running()
      .onDue()
      .on({ type: "polled", reading: seen({ status: "completed" }, 1, { payload }) });
    expect(walk.outcome).toEqual({ kind: "completed", result: { ...result, isError: true } });
  });

  it("a JSON-RPC error inline is a failed task", () => {
    const error = { code: -32603, message: "API rate limit exceeded" };
    const reading = seen({ status: "failed" }, 1, { payload: { kind: "error", error } });
    expect(running().onDue().on({ type: "polled", reading }).outcome).toEqual({
      kind: "failed",
      error: { reason: "rpc", message: error.message, rpc: error },
    });
  });

  it("cancelled is cancelled, and the server said so", () => {
    const walk = running()
      .onDue()
      .on({ type: "polled", reading: seen({ status: "cancelled" }, 1) });
    expect(walk.outcome).toEqual({ kind: "cancelled", confirmed: true });
  });

  it("a brief word of the end is followed by one poll at once", () => {
    const walk = running().on({ type: "notified", reading: seen({ status: "completed" }, 1) }, 10);
    expect(walk.outcome).toBeUndefined();
    expect(walk.sent).toEqual(["get"]);
  });

  it("a reply from before a brief word of the end is followed by one poll at once, and then by polls at their pace", () => {
    const walk = running().onDue();
    walk.on({ type: "notified", reading: seen({ status: "completed" }, 100) }, 100);
    expect(walk.on({ type: "polled", reading: seen({}, 50) }, 10).sent).toEqual(["get"]);
    // A node that does not know of the end yet must not be asked without a pause.
    expect(walk.on({ type: "polled", reading: seen({}, 60) }, 10).sent).toEqual([]);
    expect(walk.wait).toBe(1_000);
    expect(walk.onDue().sent).toEqual(["get"]);
  });

  it("a request in flight when it ends is aborted", () => {
    const reading = seen({ status: "completed" }, 1, { payload: { kind: "result", result } });
    const walk = running().onDue().on({ type: "notified", reading });
    expect(walk.outcome?.kind).toBe("completed");
    expect(walk.abandoned).toEqual(["get"]);
    expect(walk.flying).toEqual([]);
  });
});

describe("the end of a task, 2025-11-25", () => {
  const legacy = (): Walk => running({ generation: "2025-11-25" });
  const reading = (status: "completed" | "failed" | "cancelled"): TaskReading => ({
    snapshot: snapshotOf({ status, statusMessage: "It says" }),
  });

  it.each(["completed", "failed"] as const)("%s: its result is fetched", (status) => {
    const walk = legacy()
      .onDue()
      .on({ type: "polled", reading: reading(status) });
    expect(walk.outcome).toBeUndefined();
    expect(walk.sent).toEqual(["result"]);
    expect(walk.due).toBe(Number.POSITIVE_INFINITY);
  });

  it("completed: the result fetched settles it", () => {
    const walk = legacy()
      .onDue()
      .on({ type: "polled", reading: reading("completed") });
    expect(walk.on({ type: "fetched", payload: { kind: "result", result } }).outcome).toEqual({
      kind: "completed",
      result,
    });
  });

  it("failed with a tool error: the request ran to its end, and isError says the rest", () => {
    const walk = legacy()
      .onDue()
      .on({ type: "polled", reading: reading("failed") });
    const payload = { kind: "result", result: { ...result, isError: true } } as const;
    expect(walk.on({ type: "fetched", payload }).outcome).toEqual({
      kind: "completed",
      result: payload.result,
    });
  });

  it("failed with a result that is not an error: the status of the server counts, and the result is kept", () => {
    const walk = legacy()
      .onDue()
      .on({ type: "polled", reading: reading("failed") });
    expect(walk.on({ type: "fetched", payload: { kind: "result", result } }).outcome).toEqual({
      kind: "failed",
      error: { reason: "reported", message: "It says", result },
    });
  });

  it("failed with a JSON-RPC error: tasks/result answers with that same error", () => {
    const walk = legacy()
      .onDue()
      .on({ type: "polled", reading: reading("failed") });
    const error = { code: -32602, message: "Bad city" };
    walk.on({
      type: "requestFailed",
      operation: "result",
      failure: { kind: "rpc", error, message: "Bad city (-32602)" },
    });
    expect(walk.outcome).toEqual({
      kind: "failed",
      error: { reason: "rpc", message: "Bad city (-32602): It says", rpc: error },
    });
  });

  it("cancelled: there is nothing to fetch", () => {
    const walk = legacy()
      .onDue()
      .on({ type: "polled", reading: reading("cancelled") });
    expect(walk.outcome).toEqual({ kind: "cancelled", confirmed: true });
    expect(walk.sent).toEqual([]);
  });
});

describe("notifications", () => {
  it("take the place of polls: a server that pushes is asked ten times more rarely", () => {
    const walk = running().on({ type: "notified", reading: seen({ statusMessage: "half" }, 500) }, 600);
    expect(walk.record.snapshot?.statusMessage).toBe("half");
    expect(walk.wait).toBe(10_000);
    expect(walk.onDue().sent).toEqual(["get"]);
  });

  it("of another task change nothing", () => {
    const walk = running();
    const before = walk.state;
    walk.on({ type: "notified", reading: seen({ taskId: "task-2", status: "cancelled" }) });
    expect(walk.record).toBe(before.record);
    expect(walk.due).toBe(T0 + 1_000);
  });

  it("that come late are passed over", () => {
    const walk = running().on({ type: "notified", reading: seen({ statusMessage: "newer" }, 900) });
    walk.on({ type: "notified", reading: seen({ statusMessage: "older" }, 100) });
    expect(walk.record.snapshot?.statusMessage).toBe("newer");
  });

  it("that come late do not put the poll off: they say nothing of now", () => {
    const walk = running().on({ type: "notified", reading: seen({ statusMessage: "newer" }, 900) });
    const due = walk.due;
    walk.on({ type: "notified", reading: seen({ statusMessage: "older" }, 100) }, 800);
    expect(walk.due).toBe(due);
  });

  it("that come late do not bring a question back", () => {
    const question = { key: "name", method: "elicitation/create", params: {} } as const;
    const asking = seen({ status: "input_required" }, 100, { inputRequests: [question] });
    const walk = running()
      .on({ type: "notified", reading: seen({}, 900) })
      .on({ type: "notified", reading: asking });
    expect(walk.record.inputs).toEqual([]);
    expect(walk.record.snapshot?.status).toBe("working");
  });

  it("are late by the stamp of the last poll, also where that poll brought nothing new", () => {
    const walk = running().onDue();
    const before = walk.on({ type: "polled", reading: seen({}, 5_000) }).record;
    expect(walk.on({ type: "notified", reading: seen({ statusMessage: "older" }, 900) }).record).toBe(before);
  });

  it("that arrive while a poll is in flight win over its reply if the reply is older; the next reply counts again", () => {
    const walk = running().onDue();
    walk.on({ type: "notified", reading: seen({ status: "input_required" }, 900) });
    walk.on({ type: "polled", reading: seen({}, 100) });
    expect(walk.record.snapshot?.status).toBe("input_required");
    expect(walk.due).toBeLessThan(Number.POSITIVE_INFINITY);
    walk.onDue().on({ type: "polled", reading: seen({}, 100) });
    expect(walk.record.snapshot?.status).toBe("working");
  });

  it("a terminal word is never taken back, even by a newer one", () => {
    const walk = running().on({ type: "notified", reading: seen({ status: "completed" }, 100) });
    walk.on({ type: "notified", reading: seen({ status: "working" }, 900) });
    expect(walk.record.snapshot?.status).toBe("completed");
  });

  it("a terminal word stands even when its time is older", () => {
    const walk = running().on({ type: "notified", reading: seen({}, 900) });
    const reading = seen({ status: "completed" }, 100, { payload: { kind: "result", result } });
    expect(walk.on({ type: "notified", reading }).outcome?.kind).toBe("completed");
  });

  it("a notification that came during a poll without a reply says nothing of the next poll's", () => {
    const walk = running().onDue();
    walk.on({ type: "notified", reading: seen({ statusMessage: "by a clock that is ahead" }, 60_000) });
    const failure = { kind: "timeout", message: "No reply" } as const;
    walk.on({ type: "requestFailed", operation: "get", failure }, 100).onDue();
    walk.on({ type: "polled", reading: seen({ statusMessage: "half", pollIntervalMs: 600_000 }, 30_000) });
    expect(walk.record.snapshot?.statusMessage).toBe("half");
    expect(walk.wait).toBe(600_000);
  });

  it("without readable times are believed as they come", () => {
    const walk = running().on({ type: "notified", reading: seen({ lastUpdatedAt: "", statusMessage: "a" }) });
    walk.on({ type: "notified", reading: seen({ lastUpdatedAt: "soon", statusMessage: "b" }) });
    expect(walk.record.snapshot?.statusMessage).toBe("b");
  });

  it("progress is shown, and moves no poll", () => {
    const walk = running().on({ type: "progressed", progress: { progress: 1 } }, 10);
    expect(walk.state.progress).toEqual({ progress: 1 });
    expect(walk.due).toBe(T0 + 1_000);
    expect(walk.sent).toEqual([]);
  });
});

describe("a server that pushes", () => {
  const polledWhilePushed = (pollIntervalMs: number): number => {
    const walk = running().on({ type: "pushing", on: true }).onDue();
    return walk.on({ type: "polled", reading: seen({ pollIntervalMs }) }).wait;
  };

  it.each([
    [1_000, 10_000],
    [5_000, 50_000],
    [10_000, 60_000],
    [60_000, 60_000],
    [300_000, 300_000],
  ])("asks for %i ms: polled every %i ms, but still polled", (asked, every) => {
    expect(polledWhilePushed(asked)).toBe(every);
  });

  it("is polled at the full pace again as soon as it pushes no more", () => {
    const walk = running().on({ type: "pushing", on: true }).onDue();
    walk.on({ type: "polled", reading: seen() });
    expect(walk.wait).toBe(10_000);
    walk.on({ type: "pushing", on: false }, 200);
    expect(walk.wait).toBe(1_000);
    walk.onDue().on({ type: "polled", reading: seen() });
    expect(walk.wait).toBe(1_000);
  });

  it("to the process before, does not count as pushing to this one", () => {
    const walk = running().on({ type: "pushing", on: true }).on({ type: "woken" });
    expect(walk.state.pushed).toBe(false);
    expect(walk.sent).toEqual(["get"]);
  });

  it("does not put off the poll that is due", () => {
    const walk = running();
    const due = walk.due;
    expect(walk.on({ type: "pushing", on: true }, 100).due).toBe(due);
  });
});

describe("a task that another tab polled just now", () => {
  it("is resumed without a poll, and polled an interval later", () => {
    const walk = running().on({ type: "woken", fresh: true }, 400);
    expect(walk.sent).toEqual([]);
    expect(walk.wait).toBe(1_000);
    expect(walk.onDue().sent).toEqual(["get"]);
  });
});
