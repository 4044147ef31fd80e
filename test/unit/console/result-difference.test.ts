import { describe, expect, it } from "vitest";
import { type Hunk, lineDifference } from "../../../ui/comparison/line-difference.ts";
import { resultLines } from "../../../ui/comparison/result-lines.ts";

function side(hunks: readonly Hunk[] | undefined, left: Hunk["kind"]): readonly string[] | undefined {
  return hunks?.filter(({ kind }) => kind !== left).flatMap(({ lines }) => lines);
}

/** Deterministic, so that a failure can be seen again. */
function randomLines(seed: number): readonly string[] {
  let state = seed;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  return Array.from({ length: next(12) }, () => "abc"[next(3)] ?? "");
}

/** The length of the longest common subsequence, by the plain recurrence. */
function common(a: readonly string[], b: readonly string[]): number {
  const row: number[] = Array.from({ length: b.length + 1 }, () => 0);
  for (const line of a) {
    let corner = 0;
    for (const [index, other] of b.entries()) {
      const above = row[index + 1] ?? 0;
      row[index + 1] = line === other ? corner + 1 : Math.max(above, row[index] ?? 0);
      corner = above;
    }
  }
  return row[b.length] ?? 0;
}

describe("lineDifference()", () => {
  it("leads from one text to the other by the fewest lines, whatever the two are", () => {
    for (let seed = 1; seed < 2_000; seed++) {
      const [a, b] = [randomLines(seed), randomLines(seed * 7919)];
      const hunks = lineDifference(a, b);
      expect(side(hunks, "added"), `seed ${seed}`).toEqual(a);
      expect(side(hunks, "removed"), `seed ${seed}`).toEqual(b);
      const same = hunks?.filter(({ kind }) => kind === "same").flatMap(({ lines }) => lines) ?? [];
      expect(same.length, `seed ${seed}`).toBe(common(a, b));
    }
  });

  it("joins neighbouring lines of one kind", () => {
    expect(lineDifference(["a", "b", "x", "y"], ["a", "b", "z"])).toEqual([
      { kind: "same", lines: ["a", "b"] },
      { kind: "removed", lines: ["x", "y"] },
      { kind: "added", lines: ["z"] },
    ]);
  });

  it("gives up texts that differ in more than a thousand lines, soon", () => {
    const lines = (word: string) => Array.from({ length: 20_000 }, (_, index) => `${word} ${index}`);
    const before = process.cpuUsage();
    expect(lineDifference(lines("a"), lines("b"))).toBeUndefined();
    expect(process.cpuUsage(before).user).toBeLessThan(3_000_000);
  });
});

describe("resultLines()", () => {
  it("has the members of JSON in one order, also where it came as text", () => {
    const one = {
      content: [{ type: "text", text: '{"b":1,"a":[2]}' }],
      structuredContent: { y: 1, x: { d: 1, c: 2 } },
    };
    const other = {
      content: [{ type: "text", text: '{"a":[2],"b":1}' }],
      structuredContent: { x: { c: 2, d: 1 }, y: 1 },
    };
    expect(resultLines(one)).toEqual(resultLines(other));
  });

  it("sees that two pictures of one length differ", () => {
    const picture = (letter: string) => ({
      content: [{ type: "image", mimeType: "image/png", data: letter.repeat(400) }],
    });
    expect(resultLines(picture("A"))).not.toEqual(resultLines(picture("B")));
    expect(resultLines(picture("A")).join("")).toContain("400 characters");
  });

  it("says that the tool failed", () => {
    expect(resultLines({ content: [{ type: "text", text: "No" }], isError: true })).toEqual([
      "(tool error)",
      "No",
    ]);
  });
});
