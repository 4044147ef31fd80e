import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { woken } from "../../../src/engine/poll.ts";
import {
  backoffDelay,
  DEFAULT_TIMING,
  nextPoll,
  pollFrom,
  type Timing,
} from "../../../src/engine/schedule.ts";
import { ticks } from "../../../src/engine/ticks.ts";
import { callingRecord, runningRecord, snapshotOf, stateOf, T0 } from "../../fixtures/records.ts";

function delayFor(pollIntervalMs: number | undefined, ageMs = 0, timing: Partial<Timing> = {}): number {
  const { pollIntervalMs: _standard, ...bare } = snapshotOf();
  const snapshot = { ...bare, ...(pollIntervalMs !== undefined && { pollIntervalMs }) };
  return nextPoll(runningRecord({ snapshot }), { ...DEFAULT_TIMING, ...timing }, T0 + ageMs) - (T0 + ageMs);
}

describe("the wait until the next poll", () => {
  it.each([
    ["what the server asks for", 5_000, 5_000],
    ["never sooner than the least", 0, 100],
    ["the least itself", 100, 100],
    ["just under an hour", 3_599_999, 3_599_999],
    ["a longer suggestion is taken for a mistake", 86_400_000, 3_600_000],
  ])("%s: %i ms gives %i ms", (_what, suggested, expected) => {
    expect(delayFor(suggested)).toBe(expected);
    expect(delayFor(suggested, 7 * 86_400_000), "whatever the task's age").toBe(expected);
  });

  it.each([
    ["a second at first", 0, 1_000],
    ["a second at ten seconds", 10_000, 1_000],
    ["a tenth of the age", 60_000, 6_000],
    ["16 s at last", 3_600_000, 16_000],
  ])("of a server that suggests nothing: %s", (_what, age, expected) => {
    expect(delayFor(undefined, age)).toBe(expected);
  });

  it("a task without a time of arrival counts from its call", () => {
    const { acceptedAt: _unknown, ...record } = runningRecord({ createdAt: T0 - 50_000 });
    const { pollIntervalMs: _none, ...snapshot } = snapshotOf();
    expect(nextPoll({ ...record, snapshot }, DEFAULT_TIMING, T0)).toBe(T0 + 5_000);
    expect(nextPoll(callingRecord(), DEFAULT_TIMING, T0 + 100_000)).toBe(T0 + 110_000);
  });

  it("is never sooner than the app allows, whatever the server says or leaves unsaid", () => {
    const times = fc.record({
      suggested: fc.option(fc.double({ min: 0, max: 1e12, noNaN: true }), { nil: undefined }),
      age: fc.integer({ min: -60_000, max: 1e10 }),
      minPollMs: fc.integer({ min: 1, max: 600_000 }),
    });
    fc.assert(
      fc.property(times, ({ suggested, age, minPollMs }) => {
        expect(delayFor(suggested, age, { minPollMs })).toBeGreaterThanOrEqual(minPollMs);
      }),
    );
  });
});

describe("polls on ticks", () => {
  const phase = 0.3;
  const timing: Timing = { ...DEFAULT_TIMING, ticks: ticks(phase) };
  const record = runningRecord({ snapshot: { ...snapshotOf(), pollIntervalMs: 5_000 } });
  const onTick = (at: number): boolean => Math.abs((at - phase * 5_000) % 5_000) < 1;

  it("fall on the same times whenever they are asked for, at least half an interval and at most one and a half away", () => {
    fc.assert(
      fc.property(fc.integer({ min: T0, max: T0 + 1e9 }), (now) => {
        const at = nextPoll(record, timing, now);
        expect(onTick(at)).toBe(true);
        expect(at - now).toBeGreaterThanOrEqual(2_499);
        expect(at - now).toBeLessThanOrEqual(7_501);
      }),
    );
  });

  it("are never sooner than minPollMs after the last, whatever the server suggests", () => {
    const slow: Timing = { ...timing, minPollMs: 120_000 };
    const { pollIntervalMs: _none, ...bare } = snapshotOf();
    const eager = runningRecord({ snapshot: { ...snapshotOf(), pollIntervalMs: 1_000 } });
    fc.assert(
      fc.property(
        fc.integer({ min: T0, max: T0 + 1e9 }),
        fc.constantFrom(eager, runningRecord({ snapshot: bare })),
        (now, record) => {
          const at = nextPoll(record, slow, now);
          expect(at - now).toBeGreaterThanOrEqual(120_000);
          expect(at - now).toBeLessThanOrEqual(240_000);
        },
      ),
    );
  });

  it("follow one another at the server's interval, though each leaves a little late", () => {
    let at = nextPoll(record, timing, T0);
    for (const late of [3, 180, 0, 950]) {
      const next = nextPoll(record, timing, at + late);
      expect(next - at).toBe(5_000);
      at = next;
    }
  });

  it("are found again from the time an alarm was set for, by a process that remembers nothing else", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: T0, max: T0 + 1e9 }),
        // Of an object's id. Most ticks are no whole milliseconds.
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.integer({ min: 100, max: 3_600_000 }),
        fc.double({ min: 0, max: 0.4, noNaN: true }),
        (now, hash, pollIntervalMs, earlier) => {
          const own: Timing = { ...timing, ticks: ticks(hash / 2 ** 32) };
          const asked = runningRecord({ snapshot: { ...snapshotOf(), pollIntervalMs } });
          const due = nextPoll(asked, own, now);
          expect(pollFrom(asked, own, due)).toBe(due);
          expect(pollFrom(asked, own, due - Math.floor(earlier * pollIntervalMs))).toBe(due);
          expect(pollFrom(asked, own, due + 1)).toBeGreaterThan(due);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it("come no later than one interval after a process woke, whatever an alarm that stood for a lost reply was set for", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: T0, max: T0 + 1e9 }),
        fc.integer({ min: 0, max: 3_600_000 }),
        (now, ahead) => {
          const dueFrom = now + ahead;
          const { pollAt } = woken(stateOf(record), { type: "woken", dueFrom }, now, timing);
          expect(pollAt).toBe(Math.min(pollFrom(record, timing, dueFrom), nextPoll(record, timing, now)));
          expect(pollAt - now).toBeLessThanOrEqual(7_501);
        },
      ),
    );
  });

  it("of a process that woke early still come on the tick that the one before had planned", () => {
    fc.assert(
      fc.property(fc.integer({ min: T0, max: T0 + 1e9 }), fc.nat(7_500), (polledAt, later) => {
        const dueFrom = nextPoll(record, timing, polledAt);
        const now = Math.min(polledAt + later, dueFrom);
        expect(woken(stateOf(record), { type: "woken", dueFrom }, now, timing).pollAt).toBe(dueFrom);
      }),
    );
  });

  it("of a task accepted shortly before an alarm for others come no sooner than its server asked, whatever the clock did since", () => {
    const asked = runningRecord({ snapshot: { ...snapshotOf(), pollIntervalMs: 600_000 }, acceptedAt: T0 });
    const own: Timing = { ...timing, ticks: ticks(0.123) };
    const planned = nextPoll(asked, own, T0);
    expect(planned - T0).toBeGreaterThanOrEqual(300_000);
    for (const alarm of [T0, T0 + 8_000, planned - 1, planned])
      expect(pollFrom(asked, own, alarm)).toBe(planned);
    const ahead = T0 - 86_400_000;
    expect(pollFrom(asked, own, ahead) - ahead).toBeLessThanOrEqual(600_000);
  });

  it("of servers that suggest nothing come at powers of two, so that tasks of about the same age share them", () => {
    const { pollIntervalMs: _none, ...bare } = snapshotOf();
    const bareRecord = runningRecord({ snapshot: bare });
    const at = [60_000, 70_000, 79_999].map((age) => nextPoll(bareRecord, timing, T0 + age));
    for (const time of at) expect(Math.abs((time - phase * 4_000) % 4_000)).toBeLessThan(1);
  });
});

describe("the wait after a failure", () => {
  const timings = fc.record({
    backoffMs: fc.integer({ min: 1, max: 60_000 }),
    maxBackoffMs: fc.integer({ min: 60_000, max: 3_600_000 }),
  });

  it("is between half and the whole of a step that doubles up to its bound", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 5_000 }), timings, (id, failures, times) => {
        const delay = backoffDelay(id, failures, { ...DEFAULT_TIMING, ...times });
        const step = Math.min(times.maxBackoffMs, times.backoffMs * 2 ** (failures - 1));
        expect(delay).toBeGreaterThanOrEqual(step / 2);
        expect(delay).toBeLessThanOrEqual(step);
      }),
    );
  });

  it("is the same for the same task and attempt", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 100 }), (id, failures) => {
        expect(backoffDelay(id, failures, DEFAULT_TIMING)).toBe(backoffDelay(id, failures, DEFAULT_TIMING));
      }),
    );
  });

  it("differs between tasks, so that they do not come back all at once", () => {
    const delays = Array.from({ length: 1_000 }, (_, index) =>
      backoffDelay(`task-${index}`, 6, DEFAULT_TIMING),
    );
    const step = 32_000;
    const buckets = Array.from({ length: 10 }, () => 0);
    for (const delay of delays) {
      const bucket = Math.min(9, Math.floor(((delay - step / 2) / (step / 2)) * 10));
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const count of buckets) expect(count).toBeGreaterThan(50);
  });
});
