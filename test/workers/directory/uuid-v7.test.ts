import { describe, expect, it } from "vitest";
import { UuidV7Source } from "../../../worker/directory/uuid-v7.ts";

const NOW = 1_800_000_000_000;

function timeIn(uuid: string): number {
  return Number.parseInt(uuid.slice(0, 13).replace("-", ""), 16);
}

describe("a UUID of version 7", () => {
  it("has the form RFC 9562 gives it, and the time in front", () => {
    const uuid = new UuidV7Source().next(NOW);
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(timeIn(uuid)).toBe(NOW);
    expect(new UuidV7Source().next(1)).toMatch(/^00000000-0001-7/);
  });

  it("is greater than the one before: in one millisecond, in the next, and when the clock is set back", () => {
    const source = new UuidV7Source();
    const times = [...Array<number>(10_000).fill(NOW), NOW + 1, NOW - 60_000, NOW + 1, NOW + 5, 0];
    const uuids = times.map((now) => source.next(now));
    expect(uuids).toEqual([...uuids].sort());
    expect(new Set(uuids).size).toBe(uuids.length);
    // 10,000 in a millisecond run ahead of the clock by no more than they must.
    expect(timeIn(uuids[9999] ?? "")).toBeLessThanOrEqual(NOW + 4);
  });

  it("is no other source's, made in the same millisecond", () => {
    const uuids = Array.from({ length: 1000 }, () => new UuidV7Source().next(NOW));
    expect(new Set(uuids.map((uuid) => uuid.slice(19))).size).toBe(1000);
  });
});
