import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { systemClock } from "../../src/clock.ts";

const DAY_MS = 86_400_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it.each([40, 100])("the system's clock waits for %i days, which one timer cannot hold", (days) => {
  const callback = vi.fn();
  systemClock.after(days * DAY_MS, callback);
  vi.advanceTimersByTime(days * DAY_MS - 1);
  expect(callback).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(callback).toHaveBeenCalledOnce();
});

it("the system's clock never calls back after an endless wait, and a long one can be called off", () => {
  const callback = vi.fn();
  const callsOff = [Number.POSITIVE_INFINITY, 40 * DAY_MS].map((ms) => systemClock.after(ms, callback));
  vi.advanceTimersByTime(30 * DAY_MS);
  for (const callOff of callsOff) callOff();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(30 * DAY_MS);
  expect(callback).not.toHaveBeenCalled();
});

it("the system's clock counts what its timers waited where performance.now stands still", () => {
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
  vi.spyOn(performance, "now").mockReturnValue(7);
  const { elapsed = Date.now } = systemClock;
  const before = elapsed();
  for (const ms of [5_000, 5_000, 90 * DAY_MS]) systemClock.after(ms, () => undefined);
  vi.advanceTimersByTime(5_000);
  expect(elapsed() - before).toBe(5_000);
  vi.advanceTimersByTime(90 * DAY_MS);
  expect(elapsed() - before).toBe(90 * DAY_MS);
  vi.restoreAllMocks();
});
