import { describe, expect, it } from "vitest";
import { placesOf, WORDS } from "./words.ts";

describe("words that have a standard term instead", () => {
  it.each(WORDS)("$term: no more than what is left", (entry) => {
    const over = [...placesOf(entry)]
      .filter(([area, places]) => places.length > (entry.left[area] ?? 0))
      .map(
        ([area, places]) =>
          `${area} has ${places.length}, ${entry.left[area] ?? 0} are left:\n${places.join("\n")}`,
      );
    expect(over).toEqual([]);
  });

  it("each has a reason for what is left, and at most a tenth more is allowed than there is", () => {
    for (const entry of WORDS) {
      expect(entry.reason.length).toBeGreaterThan(10);
      for (const [area, left] of Object.entries(entry.left)) {
        const present = placesOf(entry).get(area)?.length ?? 0;
        expect(left, `${entry.term} in ${area}: lower the number`).toBeLessThanOrEqual(present * 1.1 + 3);
      }
    }
  });
});
