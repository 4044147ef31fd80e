import { describe, expect, it } from "vitest";
import type { RequestFailure } from "../../../src/engine/request-failure.ts";
import { DEFAULT_TIMING } from "../../../src/engine/schedule.ts";
import { Walk } from "../../fixtures/engine-walk.ts";
import { http, malformed, network, rpcError } from "../../fixtures/failures.ts";
import { callingRecord, runningRecord, snapshotOf, stateOf, T0 } from "../../fixtures/records.ts";

const ATTEMPTS = 5;
const unreadable: RequestFailure = { kind: "malformed", message: "No tool result", raw: ["neither", "nor"] };

/** Fails what is asked for until the task has an outcome, and counts how often that is. */
function failing(walk: Walk, operation: "get" | "result", failure: RequestFailure, atMost = 50): number {
  for (let count = 1; ; count++) {
    walk.on({ type: "requestFailed", operation, failure }, 1);
    if (walk.outcome) return count;
    if (count === atMost) throw new Error(`It is still asked for after ${atMost} attempts`);
    walk.onDue();
  }
}

describe("a task that has ended and whose payload cannot be read", () => {
  it("2025-11-25: tasks/result is asked five times; then what it gave is the outcome", () => {
    const snapshot = snapshotOf({ status: "completed" });
    const walk = new Walk(stateOf(runningRecord({ generation: "2025-11-25", snapshot })));
    walk.on({ type: "woken" });
    expect(failing(walk, "result", unreadable)).toBe(ATTEMPTS);
    expect(walk.outcome).toEqual({
      kind: "failed",
      error: {
        reason: "malformed",
        message: expect.stringContaining("ended as completed"),
        raw: ["neither", "nor"],
      },
    });
  });

  it("is asked for five times beside the times that the server could not be reached", () => {
    const snapshot = snapshotOf({ status: "completed" });
    const walk = new Walk(stateOf(runningRecord({ generation: "2025-11-25", snapshot })));
    walk.on({ type: "woken" });
    for (let count = 0; count < ATTEMPTS; count++)
      walk.on({ type: "requestFailed", operation: "result", failure: network }, 1).onDue();
    expect(failing(walk, "result", unreadable)).toBe(ATTEMPTS);
  });

  it("2026-07-28: the status is known from the first such reply on, and reported with the status message", () => {
    const snapshot = snapshotOf({ status: "failed", statusMessage: "disk full" });
    const failure: RequestFailure = { ...unreadable, reading: { snapshot, inputRequests: [] } };
    const walk = new Walk(stateOf(runningRecord(), { pollAt: T0 })).on({ type: "due" });
    walk.on({ type: "requestFailed", operation: "get", failure });
    expect(walk.record.snapshot).toEqual(snapshot);
    expect(walk.state.retry?.failure, "the reading is in the record").not.toHaveProperty("reading");
    walk.onDue();
    expect(failing(walk, "get", failure)).toBe(ATTEMPTS - 1);
    expect(walk.outcome).toMatchObject({
      error: { reason: "malformed", message: expect.stringMatching(/No tool result.*disk full/) },
    });
  });

  it.each([
    ["a JSON-RPC error", rpcError(-32603, "Cannot serialize"), "Cannot serialize"],
    ["a reply without a task", malformed, "no task object"],
  ])("2026-07-28: %s in place of the payload is bounded as well", (_what, failure, words) => {
    const walk = new Walk(stateOf(runningRecord({ snapshot: snapshotOf({ status: "completed" }) })));
    walk.on({ type: "woken" });
    expect(failing(walk, "get", failure)).toBe(ATTEMPTS);
    expect(walk.outcome).toMatchObject({ error: { message: expect.stringContaining(words) } });
  });

  it("a server that is down is given a day", () => {
    const snapshot = snapshotOf({ status: "completed" });
    const walk = new Walk(stateOf(runningRecord({ generation: "2025-11-25", snapshot })));
    walk.on({ type: "woken" });
    failing(walk, "result", http(502), 10_000);
    expect(walk.now - T0).toBeGreaterThanOrEqual(DEFAULT_TIMING.unreachableMs);
    expect(walk.outcome).toMatchObject({ kind: "lost", detail: expect.stringContaining("HTTP 502") });
  });
});

describe("the text of a failure", () => {
  const failed = snapshotOf({ status: "failed", statusMessage: "The disk of node 7 is full" });
  const fetching = (): Walk =>
    new Walk(stateOf(runningRecord({ generation: "2025-11-25", snapshot: failed }))).on({ type: "woken" });

  it("contains the error of tasks/result and the status message, unless one contains the other", () => {
    const walk = fetching().on({
      type: "requestFailed",
      operation: "result",
      failure: rpcError(-32603, "Failed"),
    });
    expect(walk.outcome).toMatchObject({
      error: { message: "Failed (-32603): The disk of node 7 is full", rpc: { message: "Failed" } },
    });
  });

  it("contains the inline error (2026-07-28) with the status message", () => {
    const walk = new Walk(stateOf(runningRecord(), { pollAt: T0 })).on({ type: "due" });
    const payload = { kind: "error", error: { code: -32603, message: "Failed" } } as const;
    walk.on({ type: "polled", reading: { snapshot: failed, payload } });
    expect(walk.outcome).toMatchObject({ error: { message: "Failed: The disk of node 7 is full" } });
  });

  it("says only once what both the error and the status message say", () => {
    const message = "Task failed. The disk of node 7 is full";
    const walk = fetching().on({
      type: "requestFailed",
      operation: "result",
      failure: rpcError(-32603, message),
    });
    expect(walk.outcome).toMatchObject({ error: { message: `${message} (-32603)` } });
  });

  it("a call whose reply cannot be read keeps what the server said", () => {
    const walk = new Walk(stateOf(callingRecord())).on({ type: "started" });
    walk.on({ type: "requestFailed", operation: "call", failure: unreadable });
    expect(walk.outcome).toMatchObject({ error: { reason: "malformed", raw: ["neither", "nor"] } });
  });

  it("a long result of a failed task is cut: its record must fit a row", () => {
    const result = { content: [{ type: "text", text: "x".repeat(3_000_000) }] };
    const walk = fetching().on({ type: "fetched", payload: { kind: "result", result } });
    expect(walk.outcome).toMatchObject({
      kind: "failed",
      error: { raw: expect.stringContaining("characters") },
    });
    expect(JSON.stringify(walk.record).length).toBeLessThan(20_000);
  });
});
