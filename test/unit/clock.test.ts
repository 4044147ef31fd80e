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
