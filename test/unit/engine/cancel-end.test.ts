import { describe, expect, it } from "vitest";
import type { Fault } from "../../../src/engine/fault.ts";
import { Walk } from "../../fixtures/engine-walk.ts";
import { http, malformed, network, timeout, unauthorized } from "../../fixtures/faults.ts";
import { runningRecord, snapshotOf, stateOf, T0 } from "../../fixtures/records.ts";

const MINUTE = 60_000;

/** Cancels a task whose server answers polls, and every request to cancel with this fault. Returns how long it takes. */
function cancelledAfter(fault: Fault, answersPolls: boolean, limit = 24 * 60 * MINUTE): [Walk, number] {
  const walk = new Walk(stateOf(runningRecord(), { pollAt: T0 + 1_000 })).on({ type: "cancelled" });
  const reading = { snapshot: snapshotOf(), inputRequests: [] };
  while (!walk.outcome && walk.now < T0 + limit) {
    if (walk.flying.includes("cancel")) walk.on({ type: "faulted", operation: "cancel", fault });
    else if (!walk.flying.includes("get")) walk.onDue();
    else if (answersPolls) walk.on({ type: "polled", reading });
    else walk.on({ type: "faulted", operation: "get", fault });
  }
  return [walk, walk.now - T0];
}

const FAULTS = [
  ["HTTP 500", http(500), 2 * MINUTE],
  ["HTTP 403", http(403), 2 * MINUTE],
  ["HTTP 401", unauthorized, 2 * MINUTE],
  ["something unreadable", malformed, 2 * MINUTE],
  ["a timeout", timeout, 7 * MINUTE],
  ["no connection", network, 7 * MINUTE],
  ["Retry-After of a day", http(429, 86_400_000), 61 * MINUTE],
  ["Retry-After of thousands of years", http(503, 1e17), 61 * MINUTE],
] as const;

describe.each([true, false])("a cancel has an end (polls are answered: %s)", (answersPolls) => {
  it.each(FAULTS)("%s: cancelled, unconfirmed, and says that the task may go on", (_what, fault, atMost) => {
    const [walk, ms] = cancelledAfter(fault, answersPolls);
    expect(walk.outcome).toEqual({
      kind: "cancelled",
      confirmed: false,
      detail: expect.stringContaining(fault.message),
    });
    expect(ms).toBeLessThanOrEqual(atMost);
    expect(ms, "the server has its time").toBeGreaterThanOrEqual(30_000);
  });
});

it("a clock set back by a day does not put the end of an acknowledged cancel off", () => {
  const record = runningRecord({ cancel: { requestedAt: T0, acknowledgedAt: T0 + 86_400_000 } });
  const walk = new Walk(stateOf(record)).on({ type: "woken" });
  expect(walk.outcome).toEqual({ kind: "cancelled", confirmed: false });
});
