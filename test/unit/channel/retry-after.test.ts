import { describe, expect, it } from "vitest";
import { readRetryAfter } from "../../../src/channel/retry-after.ts";

const NOW = Date.parse("2026-08-01T12:00:00Z");
const HOUR = 3_600_000;

describe("Retry-After", () => {
  it.each([
    ["0", 0],
    ["5", 5_000],
    [" 7 ", 7_000],
    ["Sat, 01 Aug 2026 12:00:09 GMT", 9_000],
    ["Sat, 01 Aug 2026 11:00:00 GMT", 0],
  ])("%j is %i ms", (value, ms) => {
    expect(readRetryAfter(value, NOW)).toBe(ms);
  });

  it.each(["3601", "86400", "9".repeat(400), "Sun, 01 Aug 4026 12:00:00 GMT"])(
    "%j is an hour, the longest wait",
    (value) => {
      expect(readRetryAfter(value, NOW)).toBe(HOUR);
    },
  );

  it.each([null, "", "soon", "-5", "NaN"])("%j names no time", (value) => {
    expect(readRetryAfter(value, NOW)).toBeUndefined();
  });
});
