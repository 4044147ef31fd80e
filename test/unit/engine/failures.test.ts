import { describe, expect, it } from "vitest";
import type { RequestFailure } from "../../../src/engine/request-failure.ts";
import { DEFAULT_TIMING } from "../../../src/engine/schedule.ts";
import { idleState } from "../../../src/engine/state.ts";
import { Walk } from "../../fixtures/engine-walk.ts";
import { http, malformed, network, rpcError, timeout, unauthorized } from "../../fixtures/failures.ts";
import { runningRecord, snapshotOf, stateOf, T0 } from "../../fixtures/records.ts";

const reading = { snapshot: snapshotOf(), inputRequests: [] };
const ANY: readonly (readonly [string, RequestFailure])[] = [
  ["a timeout", timeout],
  ["a broken connection", network],
  ["no credentials", unauthorized],
  ["a malformed reply", malformed],
  ["HTTP 400", http(400)],
  ["HTTP 404", http(404)],
  ["HTTP 429", http(429)],
  ["HTTP 500", http(500)],
  ["HTTP 503", http(503)],
  ["an internal error", rpcError(-32603)],
  ["a missing method", rpcError(-32601)],
];

function polling(): Walk {
  return new Walk(stateOf(runningRecord(), { pollAt: T0 })).onDue();
}

describe("a poll that fails", () => {
  it.each(ANY)("%s: the task goes on, and is asked again after a while", (_what, failure) => {
    const walk = polling();
    const before = walk.record;
    walk.on({ type: "requestFailed", operation: "get", failure }, 100);
    expect(walk.record).toBe(before);
    expect(walk.sent).toEqual([]);
    expect(walk.state.retry).toEqual({ failure, since: T0 + 100 });
    expect(walk.wait).toBeGreaterThanOrEqual(500);
    expect(walk.onDue().sent).toEqual(["get"]);
  });

  it("a thousand times in a row: without a TTL the task still goes on", () => {
    const walk = polling();
    for (let attempt = 0; attempt < 1_000; attempt++) {
      walk.on({ type: "requestFailed", operation: "get", failure: network }, 10).onDue();
      expect(walk.sent).toEqual(["get"]);
    }
    expect(walk.outcome).toBeUndefined();
  });

  it("the retry is shown from its first failure on, with the last one", () => {
    const walk = polling().on({ type: "requestFailed", operation: "get", failure: network }, 100).onDue();
    walk.on({ type: "requestFailed", operation: "get", failure: timeout }, 60_000);
    expect(walk.state.retry).toEqual({ failure: timeout, since: T0 + 100 });
  });

  it("a good reply ends the retry, and the backoff starts anew", () => {
    const walk = polling();
    for (let attempt = 0; attempt < 4; attempt++) {
      walk.on({ type: "requestFailed", operation: "get", failure: network }).onDue();
    }
    walk.on({ type: "polled", reading });
    expect(walk.state.retry).toBeUndefined();
    expect(walk.state.failures).toBe(0);
    expect(walk.wait).toBe(1_000);
    walk.onDue().on({ type: "requestFailed", operation: "get", failure: network });
    expect(walk.wait).toBeLessThanOrEqual(1_000);
  });
});

describe("a server that refuses polls for being too soon", () => {
  const polled = { type: "polled", reading } as const;
  const refused = (afterMs: number) =>
    ({ type: "requestFailed", operation: "get", failure: http(429, afterMs) }) as const;

  it("is asked at the pace it allows from then on", () => {
    const walk = polling().on(polled).onDue().on(refused(4_000));
    expect(walk.wait).toBe(4_000);
    walk.onDue().on(polled);
    // A second between polls was too soon by four; a little less is tried.
    expect(walk.wait).toBe(4_750);
  });

  it("refuses seldom, however long the task runs", () => {
    const walk = polling();
    let at = 0;
    let lastTaken = Number.NEGATIVE_INFINITY;
    let refusals = 0;
    for (let poll = 0; poll < 200; poll++) {
      const left = lastTaken + 5_000 - at;
      if (left > 0) refusals++;
      else lastTaken = at;
      walk.on(left > 0 ? refused(Math.ceil(left / 1_000) * 1_000) : polled);
      at += walk.wait;
      walk.onDue();
    }
    expect(refusals).toBeLessThan(50);
    expect(at / (200 - refusals), "and is polled nearly as often as it allows").toBeLessThan(5_500);
  });

  it("and no longer does is asked at its own pace again after a while", () => {
    const walk = polling().on(refused(20_000)).onDue();
    for (let poll = 0; poll < 100; poll++) walk.on(polled).onDue();
    walk.on(polled);
    expect(walk.wait).toBe(1_000);
    expect(walk.state.paceMs).toBeUndefined();
  });

  it("is waited for no longer than the longest backoff", () => {
    const walk = polling().on(refused(50_000)).onDue().on(refused(50_000)).onDue().on(polled);
    expect(walk.wait).toBeLessThanOrEqual(60_000);
  });

  it("because it is down (503) taught nothing of its pace", () => {
    const walk = polling();
    walk
      .on({ type: "requestFailed", operation: "get", failure: http(503, 20_000) })
      .onDue()
      .on(polled);
    expect(walk.wait).toBe(1_000);
  });
});

describe("backoff", () => {
  it("doubles with each failure, with jitter, up to its bound", () => {
    const walk = polling();
    for (let attempt = 1; attempt <= 12; attempt++) {
      walk.on({ type: "requestFailed", operation: "get", failure: http(503) });
      const step = Math.min(60_000, 1_000 * 2 ** (attempt - 1));
      expect(walk.wait, `attempt ${attempt}`).toBeGreaterThanOrEqual(step / 2);
      expect(walk.wait, `attempt ${attempt}`).toBeLessThanOrEqual(step);
      expect(walk.on({ type: "due" }, walk.wait - 1).sent, "not a moment sooner").toEqual([]);
      expect(walk.on({ type: "due" }, 1).sent).toEqual(["get"]);
    }
  });

  it("holds everything back, not only what failed", () => {
    const walk = new Walk(
      stateOf(runningRecord({ generation: "2025-11-25", cancel: { requestedAt: T0 } }), { pollAt: T0 }),
    );
    walk.on({ type: "due" });
    expect(walk.flying).toEqual(["cancel", "get"]);
    walk.on({ type: "requestFailed", operation: "get", failure: network });
    walk.on({ type: "requestFailed", operation: "cancel", failure: network });
    expect(walk.on({ type: "due" }).sent).toEqual([]);
    expect([...walk.onDue().sent].sort()).toEqual(["cancel", "get"]);
  });

  it("a nudge ends the wait: the network came back", () => {
    const walk = polling().on({ type: "requestFailed", operation: "get", failure: network });
    expect(walk.on({ type: "due", nudge: true }, 1).sent).toEqual(["get"]);
  });

  it("a nudge while the server is silent sends no second poll", () => {
    const walk = polling().on({ type: "requestFailed", operation: "get", failure: network });
    walk.on({ type: "due", nudge: true }, 1);
    expect(walk.on({ type: "due", nudge: true }, 1).sent).toEqual([]);
  });
});

describe("Retry-After", () => {
  it.each([429, 503])("HTTP %i: nothing is sent before the time the server named", (status) => {
    const walk = polling().on({ type: "requestFailed", operation: "get", failure: http(status, 45_000) });
    expect(walk.wait).toBe(45_000);
    expect(walk.on({ type: "due" }, 44_999).sent).toEqual([]);
    expect(walk.on({ type: "due" }, 1).sent).toEqual(["get"]);
  });

  it("no nudge shortens it", () => {
    const walk = polling().on({ type: "requestFailed", operation: "get", failure: http(429, 45_000) });
    expect(walk.on({ type: "due", nudge: true }, 10).sent).toEqual([]);
    expect(walk.due).toBe(T0 + 45_000);
  });

  it("no wish of the app shortens it", () => {
    const walk = polling().on({ type: "requestFailed", operation: "get", failure: http(429, 45_000) });
    expect(walk.on({ type: "cancelled" }, 10).sent).toEqual([]);
    expect(walk.record.cancel).toEqual({ requestedAt: T0 + 10 });
    expect([...walk.onDue().sent].sort()).toEqual(["cancel", "get"]);
  });

  it("no reply to another request shortens it", () => {
    const walk = new Walk(stateOf(runningRecord({ cancel: { requestedAt: T0 } }), { pollAt: T0 }));
    walk.on({ type: "due" });
    expect(walk.flying).toEqual(["cancel", "get"]);
    walk.on({ type: "requestFailed", operation: "get", failure: http(429, 45_000) });
    walk.on({ type: "cancelTaken" }, 10);
    expect(walk.sent).toEqual([]);
    expect(walk.on({ type: "due" }, 10).sent).toEqual([]);
  });

  it("applies to the process that resumes the task while it lasts", () => {
    const before = polling().on({ type: "requestFailed", operation: "get", failure: http(429, 45_000) });
    const after = new Walk(idleState(before.record), T0 + 10_000).on({ type: "woken" });
    expect(after.sent).toEqual([]);
    expect(after.due).toBe(T0 + 45_000);
    expect(after.on({ type: "due", nudge: true }).sent).toEqual([]);
    expect(after.onDue().sent).toEqual(["get"]);
  });

  it("no longer applies to a process that resumes the task later", () => {
    const before = polling().on({ type: "requestFailed", operation: "get", failure: http(429, 45_000) });
    expect(new Walk(idleState(before.record), T0 + 45_000).on({ type: "woken" }).sent).toEqual(["get"]);
  });

  it("is not kept longer than the longest poll interval by a clock that was set back", () => {
    const before = polling().on({ type: "requestFailed", operation: "get", failure: http(429, 45_000) });
    const after = new Walk(idleState(before.record), T0 - 30 * 86_400_000).on({ type: "woken" });
    expect(after.wait).toBe(DEFAULT_TIMING.maxPollMs);
  });

  it("a mere backoff is not written: the record stays the same", () => {
    const walk = polling();
    const before = walk.record;
    expect(walk.on({ type: "requestFailed", operation: "get", failure: http(503) }).record).toBe(before);
    expect(walk.onDue().on({ type: "requestFailed", operation: "get", failure: http(429, 0) }).record).toBe(
      before,
    );
  });

  it("a status notification does not shorten it either", () => {
    const walk = polling().on({ type: "requestFailed", operation: "get", failure: http(429, 45_000) });
    const newer = snapshotOf({ lastUpdatedAt: new Date(T0 + 5).toISOString(), pollIntervalMs: 100 });
    walk.on({ type: "notified", reading: { snapshot: newer } }, 10);
    expect(walk.onDue().now).toBe(T0 + 45_000);
  });

  it("a shorter time than the backoff does not do away with it: a server that names 0 is not hammered", () => {
    const walk = polling().on({ type: "requestFailed", operation: "get", failure: http(429, 0) });
    expect(walk.sent).toEqual([]);
    expect(walk.wait).toBeGreaterThanOrEqual(500);
  });

  it("counts for tasks/result too (2025-11-25)", () => {
    const record = runningRecord({
      generation: "2025-11-25",
      snapshot: snapshotOf({ status: "input_required" }),
    });
    const walk = new Walk(stateOf(record, { pollAt: T0 + 60_000 })).on({ type: "due" });
    expect(walk.sent).toEqual(["result"]);
    walk.on({ type: "requestFailed", operation: "result", failure: http(429, 45_000) });
    expect(walk.on({ type: "due" }, 44_999).sent).toEqual([]);
    expect(walk.onDue().sent).toContain("result");
  });
});

describe("the fetch of a result that fails (2025-11-25)", () => {
  const fetching = (status: "completed" | "failed" = "completed"): Walk => {
    const record = runningRecord({ generation: "2025-11-25", snapshot: snapshotOf({ status }) });
    return new Walk(stateOf(record)).on({ type: "woken" });
  };

  it.each([
    ["a timeout", timeout],
    ["a broken connection", network],
    ["no credentials", unauthorized],
    ["a malformed reply", malformed],
    ["HTTP 500", http(500)],
  ])("%s: it is fetched again after a while, and nothing is polled meanwhile", (_what, failure) => {
    const walk = fetching();
    expect(walk.sent).toEqual(["result"]);
    walk.on({ type: "requestFailed", operation: "result", failure }, 100);
    expect(walk.outcome).toBeUndefined();
    expect(walk.wait).toBeGreaterThanOrEqual(500);
    expect(walk.onDue().sent).toEqual(["result"]);
  });

  it("a JSON-RPC error of a completed task is tried five times, then it is the outcome", () => {
    const walk = fetching();
    for (let attempt = 1; attempt < 5; attempt++) {
      walk.on({ type: "requestFailed", operation: "result", failure: rpcError(-32603) });
      expect(walk.outcome, `attempt ${attempt}`).toBeUndefined();
      walk.onDue();
    }
    walk.on({ type: "requestFailed", operation: "result", failure: rpcError(-32603) });
    expect(walk.outcome).toMatchObject({ kind: "failed", error: { rpc: { code: -32603 } } });
  });

  it("a JSON-RPC error of a failed task is the outcome at once", () => {
    const walk = fetching("failed").on({
      type: "requestFailed",
      operation: "result",
      failure: rpcError(-32603),
    });
    expect(walk.outcome).toMatchObject({ kind: "failed", error: { rpc: { code: -32603 } } });
  });
});

describe("an answer that fails", () => {
  const answering = (generation: "2025-11-25" | "2026-07-28" = "2026-07-28"): Walk => {
    const record = runningRecord({
      generation,
      snapshot: snapshotOf({ status: "input_required" }),
      inputs: [
        { key: "name", method: "elicitation/create", params: {}, rpcId: 7, askedAt: T0, state: "open" },
        { key: "age", method: "elicitation/create", params: {}, rpcId: 8, askedAt: T0, state: "open" },
      ],
    });
    const walk = new Walk(stateOf(record, { pollAt: T0 + 600_000, listenAt: T0 + 600_000 }));
    return walk.on({ type: "answered", key: "name", response: { action: "decline" } });
  };
  const stateOfName = (walk: Walk): unknown => walk.record.inputs.find(({ key }) => key === "name")?.state;

  it.each([
    ["a timeout", timeout],
    ["a broken connection", network],
    ["no credentials", unauthorized],
    ["HTTP 404: its session is gone", http(404)],
    ["HTTP 408", http(408)],
    ["HTTP 429", http(429)],
    ["HTTP 429 with a time", http(429, 3_000)],
    ["HTTP 500", http(500)],
    ["HTTP 503 with a time", http(503, 3_000)],
  ])("%s: it is sent again, and nobody is asked twice", (_what, failure) => {
    const walk = answering();
    expect(walk.sent).toEqual(["answer"]);
    walk.on({ type: "requestFailed", operation: "answer", failure, keys: ["name"] });
    expect(stateOfName(walk)).toBe("answered");
    expect(walk.sent).toEqual([]);
    expect(walk.onDue().sent).toEqual(["answer"]);
  });

  it.each([
    ["a JSON-RPC error", rpcError(-32602)],
    ["HTTP 400", http(400)],
  ])("%s: the server refused it, so the question is open again", (_what, failure) => {
    const walk = answering().on({ type: "requestFailed", operation: "answer", failure, keys: ["name"] }, 50);
    expect(walk.record.inputs[0]).toEqual({
      key: "name",
      method: "elicitation/create",
      params: {},
      rpcId: 7,
      askedAt: T0,
      state: "open",
      refusal: failure.message,
    });
    expect(walk.state.retry, "nothing is repeated: it is the app's turn").toBeUndefined();
    expect(walk.sent).toEqual([]);
    expect(walk.on({ type: "answered", key: "name", response: { action: "cancel" } }).sent).toEqual([
      "answer",
    ]);
  });

  it("a refusal that is applied again, after another process moved the task on, reopens no other question", () => {
    const walk = answering();
    walk.on({ type: "asked", request: { key: "age", method: "elicitation/create", params: {} } });
    const refusal = {
      type: "requestFailed",
      operation: "answer",
      failure: rpcError(-32602),
      keys: ["name"],
    } as const;
    walk.on({ type: "answered", key: "age", response: { action: "accept" } });
    expect(walk.on(refusal).sent, "what was answered meanwhile").toEqual(["answer"]);
    expect(walk.on(refusal).record.inputs).toMatchObject([
      { key: "name", state: "open" },
      { key: "age", state: "answered", response: { action: "accept" } },
    ]);
  });

  it("an answer given while another is on its way is not thrown away by that one's refusal", () => {
    const walk = answering("2025-11-25").on({ type: "answered", key: "age", response: { action: "accept" } });
    expect(walk.sent, "one request at a time").toEqual([]);
    walk.on({ type: "requestFailed", operation: "answer", failure: rpcError(-32602), keys: ["name"] });
    expect(walk.record.inputs).toMatchObject([
      { key: "name", state: "open" },
      { key: "age", state: "answered", response: { action: "accept" } },
    ]);
    expect(walk.sent).toEqual(["answer"]);
  });
});
