import { describe, expect, it } from "vitest";
import type { Recovery } from "../../../src/engine/record.ts";
import { Walk } from "../../fixtures/engine-walk.ts";
import { http, network, rpcError, timeout, unknownTask } from "../../fixtures/failures.ts";
import {
  askingRecord,
  callingRecord,
  runningRecord,
  snapshotOf,
  stateOf,
  T0,
} from "../../fixtures/records.ts";

const GRACE = 30_000;
const result = { content: [] };
const taskReply = {
  type: "called",
  reply: { kind: "task", reading: { snapshot: snapshotOf(), inputRequests: [] } },
} as const;
const question = { key: "name", method: "elicitation/create", params: {} } as const;

function running(generation: "2025-11-25" | "2026-07-28" = "2026-07-28"): Walk {
  return new Walk(stateOf(runningRecord({ generation }), { pollAt: T0 + 1_000, listenAt: T0 + 1_000 }));
}

function sent(recovery: Recovery = "none"): Walk {
  const record = callingRecord({ generation: "2025-11-25", call: { recovery } });
  return new Walk(stateOf(record)).on({ type: "started" });
}

describe("cancelling a task that runs", () => {
  it("is durable and sent at once", () => {
    const walk = running().on({ type: "cancelled" }, 300);
    expect(walk.record.cancel).toEqual({ requestedAt: T0 + 300 });
    expect(walk.sent).toEqual(["cancel"]);
    expect(walk.outcome).toBeUndefined();
  });

  it("a second time changes nothing", () => {
    const walk = running().on({ type: "cancelled" });
    const before = walk.record;
    expect(walk.on({ type: "cancelled" }, 500).sent).toEqual([]);
    expect(walk.record).toBe(before);
  });

  it("does not wait out a backoff", () => {
    const walk = running().onDue().on({ type: "requestFailed", operation: "get", failure: network });
    expect(walk.on({ type: "cancelled" }, 1).sent).toContain("cancel");
  });

  it("is cancelled again by the next process", () => {
    const record = runningRecord({ cancel: { requestedAt: T0 } });
    expect(new Walk(stateOf(record)).on({ type: "woken" }).sent).toEqual(["cancel", "get"]);
  });

  it("a task that completes first is completed", () => {
    const walk = running().on({ type: "cancelled" });
    const reading = {
      snapshot: snapshotOf({ status: "completed" }),
      payload: { kind: "result", result } as const,
    };
    walk.on({ type: "notified", reading });
    expect(walk.outcome).toEqual({ kind: "completed", result });
    expect(walk.abandoned).toEqual(["cancel"]);
  });

  it.each([
    ["a timeout", timeout],
    ["a broken connection", network],
    ["HTTP 500", http(500)],
    ["HTTP 429 with a time", http(429, 2_000)],
  ])("%s: the wish is sent again", (_what, failure) => {
    const walk = running().on({ type: "cancelled" });
    walk.on({ type: "requestFailed", operation: "cancel", failure });
    expect(walk.sent).toEqual([]);
    expect(walk.onDue().sent).toContain("cancel");
  });
});

describe("2026-07-28: a cancel is only acknowledged", () => {
  const acknowledged = (): Walk => running().on({ type: "cancelled" }).on({ type: "cancelTaken" }, 200);

  it("the task goes on being polled for what becomes of it", () => {
    const walk = acknowledged();
    expect(walk.outcome).toBeUndefined();
    expect(walk.record.cancel).toEqual({ requestedAt: T0, acknowledgedAt: T0 + 200 });
    expect(walk.onDue().sent).toEqual(["get"]);
    walk.on({
      type: "polled",
      reading: { snapshot: snapshotOf({ status: "cancelled" }), inputRequests: [] },
    });
    expect(walk.outcome).toEqual({ kind: "cancelled", confirmed: true });
  });

  it("it may still end otherwise", () => {
    const reading = {
      snapshot: snapshotOf({ status: "completed" }),
      payload: { kind: "result", result } as const,
    };
    expect(acknowledged().onDue().on({ type: "polled", reading }).outcome).toEqual({
      kind: "completed",
      result,
    });
  });

  it("after a bounded wait it counts as cancelled, which the server never confirmed", () => {
    const walk = acknowledged();
    while (walk.outcome === undefined && walk.now < T0 + 200 + 2 * GRACE) {
      walk.onDue();
      if (walk.sent.includes("get")) {
        walk.on({ type: "polled", reading: { snapshot: snapshotOf(), inputRequests: [] } }, 5);
      }
    }
    expect(walk.outcome).toEqual({ kind: "cancelled", confirmed: false });
    expect(walk.now).toBe(T0 + 200 + GRACE);
  });

  it("the wait is bounded even when nothing answers any more", () => {
    const walk = acknowledged().onDue();
    expect(walk.flying).toEqual(["get"]);
    expect(walk.due).toBe(T0 + 200 + GRACE);
    expect(walk.onDue().outcome).toEqual({ kind: "cancelled", confirmed: false });
    expect(walk.abandoned).toEqual(["get"]);
  });

  it("what the server says at the very last still counts", () => {
    const reading = {
      snapshot: snapshotOf({ status: "completed" }),
      payload: { kind: "result", result } as const,
    };
    expect(
      acknowledged()
        .onDue()
        .on({ type: "polled", reading }, GRACE * 2).outcome?.kind,
    ).toBe("completed");
  });

  it("a task that is gone after it was cancelled is not lost: the server let it go", () => {
    // 2025-11-25 tasks, Task Cancellation 4: cancelled tasks may be deleted at once.
    const walk = acknowledged().onDue().on({ type: "requestFailed", operation: "get", failure: unknownTask });
    expect(walk.outcome).toEqual({ kind: "cancelled", confirmed: false });
  });
});

describe("2025-11-25: a cancel is answered with the task", () => {
  it("cancelled: it is over", () => {
    const walk = running("2025-11-25").on({ type: "cancelled" });
    walk.on({ type: "cancelTaken", reading: { snapshot: snapshotOf({ status: "cancelled" }) } });
    expect(walk.outcome).toEqual({ kind: "cancelled", confirmed: true });
  });

  it("refused since the task has ended: it is asked at once what it came to", () => {
    const walk = running("2025-11-25").on({ type: "cancelled" });
    walk.on({
      type: "requestFailed",
      operation: "cancel",
      failure: rpcError(-32602, "already in terminal status"),
    });
    expect(walk.outcome).toBeUndefined();
    expect(walk.sent).toEqual(["get"]);
    walk.on({ type: "polled", reading: { snapshot: snapshotOf({ status: "completed" }) } });
    expect(walk.sent).toEqual(["result"]);
    walk.on({ type: "fetched", payload: { kind: "result", result } });
    expect(walk.outcome).toEqual({ kind: "completed", result });
  });

  it("a task known to have completed is not made a cancelled one by the wait for its result", () => {
    const walk = running("2025-11-25").on({ type: "cancelled" });
    walk.on({
      type: "requestFailed",
      operation: "cancel",
      failure: rpcError(-32602, "already in terminal status"),
    });
    walk.on({ type: "polled", reading: { snapshot: snapshotOf({ status: "completed" }) } });
    walk.on({ type: "requestFailed", operation: "result", failure: network }, GRACE * 2);
    expect(walk.outcome).toBeUndefined();
    walk.onDue();
    expect(walk.sent).toEqual(["result"]);
    expect(walk.on({ type: "fetched", payload: { kind: "result", result } }).outcome?.kind).toBe("completed");
  });

  it("refused since the task has failed: the end that its server named counts, even if its error comes past the TTL", () => {
    const snapshot = snapshotOf({ status: "failed", ttlMs: 1_000, statusMessage: "The disk broke" });
    const record = runningRecord({
      generation: "2025-11-25",
      snapshot,
      cancel: { requestedAt: T0, acknowledgedAt: T0 },
    });
    const walk = new Walk(stateOf(record, { inFlight: new Set(["result"]) }));
    walk.on({ type: "requestFailed", operation: "result", failure: unknownTask }, 60_000);
    expect(walk.outcome).toEqual({
      kind: "failed",
      error: { reason: "reported", message: "The disk broke" },
    });
  });
});

describe("cancelling a call whose server asks first", () => {
  it("ends it: the server holds nothing", () => {
    const walk = new Walk(stateOf(askingRecord())).on({ type: "cancelled" });
    expect(walk.outcome).toEqual({ kind: "cancelled", confirmed: true });
    expect(walk.record.inputs).toMatchObject([{ state: "withdrawn" }]);
    expect(walk.sent).toEqual([]);
  });
});

describe.each([
  ["a plain call of 2025-11-25", callingRecord({ generation: "2025-11-25", call: { asTask: false } })],
  ["a call of 2026-07-28", callingRecord()],
  ["a call of 2026-07-28 that is safe to repeat", callingRecord({ call: { recovery: "repeat" } })],
])("cancelling %s whose reply has not come", (_name, record) => {
  const cancelledInFlight = (): Walk =>
    new Walk(stateOf(record)).on({ type: "started" }).on({ type: "cancelled" });

  it("abandons its request, which notifies the server, and ends it unconfirmed", () => {
    const walk = cancelledInFlight();
    expect(walk.abandoned).toEqual(["call"]);
    expect(walk.outcome, "the wish is written first").toBeUndefined();
    walk.on({ type: "callAbandoned" });
    expect(walk.outcome).toEqual({ kind: "cancelled", confirmed: false });
  });

  it("ends it confirmed when the request never left, unless an earlier one may have", () => {
    const walk = cancelledInFlight().on({ type: "callAbandoned", unsent: true });
    expect(walk.outcome).toEqual({ kind: "cancelled", confirmed: true });
  });

  it("ignores a reply that comes after that", () => {
    const walk = cancelledInFlight().on({ type: "callAbandoned" });
    walk.on({ type: "called", reply: { kind: "input", requests: [question] } });
    expect(walk.sent).toEqual([]);
    expect(walk.record.inputs).toEqual([]);
    expect(walk.outcome).toEqual({ kind: "cancelled", confirmed: false });
  });

  it("takes a result that comes while the wish is written", () => {
    const walk = cancelledInFlight().on({ type: "called", reply: { kind: "result", result } });
    expect(walk.outcome).toEqual({ kind: "completed", result });
  });

  it("cancels a task that comes while the wish is written", () => {
    expect(cancelledInFlight().on(taskReply).sent).toEqual(["cancel"]);
  });

  it("does not ask anybody what the server asks while the wish is written", () => {
    const walk = cancelledInFlight();
    walk.on({ type: "called", reply: { kind: "input", requests: [question] } });
    expect(walk.outcome).toEqual({ kind: "cancelled", confirmed: true });
    expect(walk.record.inputs.filter(({ state }) => state === "open")).toEqual([]);
  });
});

it.each([
  ["none", "lost"],
  ["repeat", undefined],
] as const)(
  "a call given up, whose record another tab moved on without the cancel, does not stay in flight: recovery %s",
  (recovery, outcome) => {
    const walk = new Walk(stateOf(callingRecord({ call: { recovery } }))).on({ type: "started" });
    walk.on({ type: "callAbandoned" });
    expect(walk.state.inFlight.size).toBe(0);
    expect(walk.outcome?.kind).toBe(outcome);
  },
);

describe("cancelling a 2025-11-25 call that asked for a task and is on its way", () => {
  it("waits for the reply: there is no task to cancel yet", () => {
    const walk = sent().on({ type: "cancelled" });
    expect(walk.outcome).toBeUndefined();
    expect(walk.sent).toEqual([]);
    expect(walk.record.cancel).toEqual({ requestedAt: T0 });
  });

  it("a task in reply is cancelled at once", () => {
    const walk = sent().on({ type: "cancelled" }).on(taskReply);
    expect(walk.sent).toEqual(["cancel"]);
  });

  it("a result in reply is the result", () => {
    const walk = sent()
      .on({ type: "cancelled" })
      .on({ type: "called", reply: { kind: "result", result } });
    expect(walk.outcome).toEqual({ kind: "completed", result });
  });

  it.each(["none", "list", "repeat"] as const)(
    "that was refused is over, and not sent again (%s)",
    (recovery) => {
      const walk = sent(recovery).on({ type: "cancelled" });
      walk.on({ type: "requestFailed", operation: "call", failure: http(429) });
      expect(walk.outcome).toEqual({ kind: "cancelled", confirmed: true });
      expect(walk.sent).toEqual([]);
    },
  );

  it.each(["none", "list", "repeat"] as const)(
    "and waits to be sent again is over, unsent (%s)",
    (recovery) => {
      const walk = sent(recovery).on({ type: "requestFailed", operation: "call", failure: http(429) });
      expect(walk.flying).toEqual([]);
      walk.on({ type: "cancelled" });
      expect(walk.sent).toEqual([]);
      expect(walk.outcome).toEqual({ kind: "cancelled", confirmed: true });
    },
  );

  it("that may have reached the server is not sent again only to be cancelled", () => {
    const walk = sent("repeat").on({ type: "cancelled" });
    walk.on({ type: "requestFailed", operation: "call", failure: timeout }, 60_000);
    if (walk.outcome === undefined) walk.onDue();
    expect(walk.sent).toEqual([]);
    expect(walk.outcome).toEqual({ kind: "cancelled", confirmed: false });
  });

  it("sent before with a reply that never came is not said to have done nothing, although the next was refused", () => {
    const walk = sent("repeat").on({ type: "requestFailed", operation: "call", failure: network }).onDue();
    walk.on({ type: "requestFailed", operation: "call", failure: http(429, 5_000) });
    walk.on({ type: "cancelled" });
    expect(walk.outcome).toEqual({ kind: "cancelled", confirmed: false });
  });

  it("that may have reached the server is not sent again by the next process either", () => {
    const record = callingRecord({ call: { recovery: "repeat" }, cancel: { requestedAt: T0 } });
    const walk = new Walk(stateOf(record)).on({ type: "woken" }, 60_000);
    expect(walk.sent).toEqual([]);
    expect(walk.outcome).toEqual({ kind: "cancelled", confirmed: false });
  });

  it("that may have reached the server is looked for if the server has a list, and cancelled there", () => {
    const walk = sent("list").on({ type: "cancelled" });
    walk.on({ type: "requestFailed", operation: "call", failure: timeout }, 60_000).onDue();
    expect(walk.sent).toEqual(["list"]);
    walk.on({ type: "listed", unclaimed: [{ snapshot: snapshotOf() }] });
    expect(walk.sent).toContain("cancel");
  });
});
