import { describe, expect, it } from "vitest";
import { readTime } from "../../../src/protocol/time-stamp.ts";

const NOON = Date.parse("2026-08-01T12:00:00Z");

describe("readTime", () => {
  it.each([
    "2026-08-01T12:00:00Z",
    "2026-08-01T12:00:00.000z",
    "2026-08-01T14:00:00+02:00",
    "2026-08-01T07:00:00-0500",
  ])("reads %s by its zone", (text) => {
    expect(readTime(text)).toBe(NOON);
  });

  it.each(["2026-08-01T12:00:00", "2026-08-01 12:00:00", " 2026-08-01T12:00 ", "2026-08-01T12:00:00.000000"])(
    "reads %j, which lacks a zone, as UTC",
    (text) => {
      expect(readTime(text)).toBe(NOON);
    },
  );

  it("reads a date alone as its midnight in UTC", () => {
    expect(readTime("2026-08-01")).toBe(NOON - 12 * 3_600_000);
  });

  it.each(["", "soon", "12:00"])("returns NaN for %j", (text) => {
    expect(readTime(text)).toBeNaN();
  });
});
