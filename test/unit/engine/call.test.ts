import { describe, expect, it } from "vitest";
import type { Recovery } from "../../../src/engine/record.ts";
import type { CallReply } from "../../../src/protocol/task-reading.ts";
import { Walk } from "../../fixtures/engine-walk.ts";
import { http, malformed, network, rpcError, timeout, unauthorized } from "../../fixtures/failures.ts";
import { callingRecord, snapshotOf, stateOf, T0 } from "../../fixtures/records.ts";

const result = { content: [{ type: "text", text: "done" }] };
const taskReply: CallReply = { kind: "task", reading: { snapshot: snapshotOf(), inputRequests: [] } };

/** A call that was just sent, by a process that is connected. */
function sent(recovery: Recovery = "none", generation: "2025-11-25" | "2026-07-28" = "2026-07-28"): Walk {
  const record = callingRecord({ generation, call: { recovery } });
  return new Walk(stateOf(record, { reached: true })).on({ type: "started" });
}

describe("a new call", () => {
  it.each(["none", "list", "repeat"] as const)(
    "is sent once, however it may be found again (%s)",
    (recovery) => {
      const walk = sent(recovery);
      expect(walk.sent).toEqual(["call"]);
      expect(walk.flying).toEqual(["call"]);
      expect(walk.on({ type: "due" }).sent).toEqual([]);
      expect(walk.on({ type: "due", nudge: true }).sent).toEqual([]);
    },
  );

  it("waits for its reply and for no time", () => {
    expect(sent().due).toBe(Number.POSITIVE_INFINITY);
  });

  it("is not lost when the page comes back while its record is still being written", () => {
    const walk = new Walk(stateOf(callingRecord(), { mayCall: true }));
    walk.on({ type: "due", nudge: true }).on({ type: "started" });
    expect(walk.outcome).toBeUndefined();
    expect(walk.flying).toEqual(["call"]);
  });

  it("is shown with its progress", () => {
    const walk = sent().on({ type: "progressed", progress: { progress: 3, total: 10, message: "third" } });
    expect(walk.state.progress).toEqual({ progress: 3, total: 10, message: "third" });
    expect(walk.record.stage).toBe("calling");
  });
});

describe("the reply to a call", () => {
  it("a result settles it, the tool's own failure included", () => {
    for (const isError of [false, true]) {
      const walk = sent().on(
        { type: "called", reply: { kind: "result", result: { ...result, isError } } },
        500,
      );
      expect(walk.outcome).toEqual({ kind: "completed", result: { ...result, isError } });
      expect(walk.record).toMatchObject({ stage: "settled", settledAt: T0 + 500 });
      expect(walk.commands).toEqual([]);
    }
  });

  it("a task makes it run: handle, time of arrival and text for the model are kept", () => {
    const walk = sent().on(
      { type: "called", reply: { ...taskReply, immediateResponse: "On its way." } },
      700,
    );
    expect(walk.record).toMatchObject({
      stage: "running",
      taskId: "task-1",
      acceptedAt: T0 + 700,
      snapshot: snapshotOf(),
      immediateResponse: "On its way.",
    });
    expect(walk.sent).toEqual([]);
    expect(walk.wait).toBe(1_000);
  });

  it("a task that has completed already settles it at once (2026-07-28)", () => {
    const reading = {
      snapshot: snapshotOf({ status: "completed" }),
      payload: { kind: "result", result } as const,
      inputRequests: [],
    };
    expect(sent().on({ type: "called", reply: { kind: "task", reading } }).outcome).toEqual({
      kind: "completed",
      result,
    });
  });

  it("a task that has completed already, and does not hold its result, is asked for it", () => {
    const reading = { snapshot: snapshotOf({ status: "completed" }) };
    const modern = sent().on({
      type: "called",
      reply: { kind: "task", reading: { ...reading, inputRequests: [] } },
    });
    expect(modern.sent).toEqual(["get"]);
    const legacy = sent("list", "2025-11-25").on({ type: "called", reply: { kind: "task", reading } });
    expect(legacy.sent).toEqual(["result"]);
  });

  it("is of no use once the call runs: the first handle stands", () => {
    const walk = sent().on({ type: "called", reply: taskReply });
    const other: CallReply = { kind: "task", reading: { snapshot: snapshotOf({ taskId: "another" }) } };
    expect(walk.on({ type: "called", reply: other }).record.taskId).toBe("task-1");
    expect(walk.on({ type: "called", reply: { kind: "result", result } }).outcome).toBeUndefined();
  });

  it("a notification of some task is not a reply", () => {
    const reading = { snapshot: snapshotOf(), inputRequests: [] };
    expect(sent().on({ type: "notified", reading }).record.stage).toBe("calling");
  });
});

describe("a call that brings no reply", () => {
  const always = { none: "failed", list: "failed", repeat: "failed" } as const;
  const unknown = { none: "lost", list: "list", repeat: "call" } as const;
  const unreadable = { none: "failed", list: "list", repeat: "failed" } as const;
  const refused = { none: "call", list: "call", repeat: "call" } as const;
  const unsent = { none: "describe", list: "describe", repeat: "describe" } as const;

  it.each([
    ["a JSON-RPC error is the answer", rpcError(-32603), always],
    ["a malformed reply is the answer, unless it may have been a task", malformed, unreadable],
    ["no credentials", unauthorized, always],
    ["HTTP 400", http(400), always],
    ["HTTP 403", http(403), always],
    ["HTTP 404", http(404), always],
    ["a timeout: it may have been received", timeout, unknown],
    ["a broken connection: it may have been received", network, unknown],
    ["HTTP 500: it may have been received", http(500), unknown],
    ["HTTP 502: it may have been received", http(502), unknown],
    ["HTTP 503 without a time", http(503), unknown],
    ["HTTP 408: the server gave up reading", http(408), unknown],
    ["a timeout of the connecting: it never left", { ...timeout, unsent: true }, unsent],
    ["no connection: it never left", { ...network, unsent: true }, unsent],
    ["HTTP 502 to the connecting: it never left", { ...http(502), unsent: true }, unsent],
    ["HTTP 429: it was refused", http(429), refused],
    ["HTTP 429 with a time: it was refused", http(429, 3_000), refused],
    ["HTTP 503 with a time: it was refused", http(503, 3_000), refused],
  ] as const)("%s", (_what, failure, expected) => {
    for (const recovery of ["none", "list", "repeat"] as const) {
      const walk = sent(recovery).on({ type: "requestFailed", operation: "call", failure }, 60_000);
      if (expected[recovery] === "failed" || expected[recovery] === "lost") {
        expect(walk.outcome?.kind, recovery).toBe(expected[recovery]);
        expect(walk.due).toBe(Number.POSITIVE_INFINITY);
      } else {
        expect(walk.outcome, recovery).toBeUndefined();
        expect(walk.sent, "it waits before anything more is sent").toEqual([]);
        expect(walk.wait).toBeGreaterThan(0);
        expect(walk.onDue().sent, recovery).toEqual([expected[recovery]]);
      }
    }
  });

  it("what the server said is kept", () => {
    const walk = sent().on({
      type: "requestFailed",
      operation: "call",
      failure: rpcError(-32601, "No such tool"),
    });
    expect(walk.outcome).toEqual({
      kind: "failed",
      error: {
        reason: "rpc",
        message: "No such tool (-32601)",
        rpc: { code: -32601, message: "No such tool" },
      },
    });
    const http404 = sent().on({ type: "requestFailed", operation: "call", failure: http(404) });
    expect(http404.outcome).toEqual({
      kind: "failed",
      error: { reason: "http", message: "HTTP 404", httpStatus: 404 },
    });
  });

  it("one that may be repeated is sent five times in all, then it is lost", () => {
    const walk = sent("repeat");
    for (let attempt = 1; attempt < 5; attempt++) {
      walk.on({ type: "requestFailed", operation: "call", failure: timeout }, 60_000);
      expect(walk.outcome, `attempt ${attempt}`).toBeUndefined();
      expect(walk.onDue().sent).toEqual(["call"]);
    }
    walk.on({ type: "requestFailed", operation: "call", failure: timeout }, 60_000);
    expect(walk.outcome).toMatchObject({ kind: "lost" });
  });

  it("an internal error says nothing of an earlier try: one that may be repeated is sent again", () => {
    const failure = rpcError(-32603);
    const first = sent("repeat").on({ type: "requestFailed", operation: "call", failure });
    expect(first.outcome).toMatchObject({ kind: "failed" });
    const walk = sent("repeat")
      .on({ type: "requestFailed", operation: "call", failure: timeout }, 60_000)
      .onDue()
      .on({ type: "requestFailed", operation: "call", failure }, 60_000);
    expect(walk.outcome).toBeUndefined();
    expect(walk.onDue().sent).toEqual(["call"]);
    const other = { type: "requestFailed", operation: "call", failure: rpcError(-32602) } as const;
    expect(walk.on(other).outcome).toMatchObject({ kind: "failed" });
  });

  it("one that was only refused is sent again as often as it takes", () => {
    const walk = sent("none");
    for (let attempt = 1; attempt <= 20; attempt++) {
      walk.on({ type: "requestFailed", operation: "call", failure: http(429) }, 100);
      expect(walk.onDue().sent, `attempt ${attempt}`).toEqual(["call"]);
    }
  });

  it("a refusal does not make one repeatable: the next one may have been received", () => {
    const walk = sent("none")
      .on({ type: "requestFailed", operation: "call", failure: http(429) })
      .onDue();
    expect(walk.on({ type: "requestFailed", operation: "call", failure: timeout }).outcome?.kind).toBe(
      "lost",
    );
  });

  it("a failure after the reply changes nothing", () => {
    const walk = sent().on({ type: "called", reply: taskReply });
    const before = walk.record;
    expect(walk.on({ type: "requestFailed", operation: "call", failure: rpcError(-32603) }).record).toBe(
      before,
    );
  });
});
