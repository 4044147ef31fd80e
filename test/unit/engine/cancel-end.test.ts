import { describe, expect, it } from "vitest";
import type { RequestFailure } from "../../../src/engine/request-failure.ts";
import { Walk } from "../../fixtures/engine-walk.ts";
import { http, malformed, network, timeout, unauthorized } from "../../fixtures/failures.ts";
import { runningRecord, snapshotOf, stateOf, T0 } from "../../fixtures/records.ts";

const MINUTE = 60_000;

/** Cancels a task whose server answers polls, and every request to cancel with this failure. Returns how long it takes. */
function cancelledAfter(
  failure: RequestFailure,
  answersPolls: boolean,
  limit = 24 * 60 * MINUTE,
): [Walk, number] {
  const walk = new Walk(stateOf(runningRecord(), { pollAt: T0 + 1_000 })).on({ type: "cancelled" });
  const reading = { snapshot: snapshotOf(), inputRequests: [] };
  while (!walk.outcome && walk.now < T0 + limit) {
    if (walk.flying.includes("cancel")) walk.on({ type: "requestFailed", operation: "cancel", failure });
    else if (!walk.flying.includes("get")) walk.onDue();
    else if (answersPolls) walk.on({ type: "polled", reading });
    else walk.on({ type: "requestFailed", operation: "get", failure });
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
  it.each(FAULTS)(
    "%s: cancelled, unconfirmed, and says that the task may go on",
    (_what, failure, atMost) => {
      const [walk, ms] = cancelledAfter(failure, answersPolls);
      expect(walk.outcome).toEqual({
        kind: "cancelled",
        confirmed: false,
        detail: expect.stringContaining(failure.message),
      });
      expect(ms).toBeLessThanOrEqual(atMost);
      expect(ms, "the server has its time").toBeGreaterThanOrEqual(30_000);
    },
  );
});

it("a clock set back by a day does not put the end of an acknowledged cancel off", () => {
  const record = runningRecord({ cancel: { requestedAt: T0, acknowledgedAt: T0 + 86_400_000 } });
  const walk = new Walk(stateOf(record)).on({ type: "woken" });
  expect(walk.outcome).toEqual({ kind: "cancelled", confirmed: false });
});
