import { afterEach, beforeEach, vi } from "vitest";

/** Each test of the file owns the time, and the worker's log is silent. */
export function quietFakeTime(): void {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(console, "log").mockImplementation(() => undefined);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
}
