import { describe, expect, it } from "vitest";
import { unfitForForm } from "../../../ui/form/form-fit.ts";
import { pathsOf } from "../../../ui/form/pattern-paths.ts";
import { checkAgainst } from "../../../ui/form/schema-problems.ts";

/** Each takes longer than anybody lives on this text. */
const EVIL_TEXT = `${"a".repeat(5_000)}!`;
const EVIL = [
  "^(a+)+$",
  "^(a|a)*$",
  "^(a|aa)+$",
  "(.*a){30}",
  "^(([a-z])+.)+[A-Z]([a-z])+$",
  "^(a*)*$",
  "^(?:a?){5000}a{5000}$",
  "^(?=(a+)+b).*$",
  "^(?<all>a+)\\k<all>*b$",
  "(a+)\\1+b",
  "a*a*a*a*a*a*b",
  "^((a{0,100}){0,100}){0,100}b$",
  "^[\\]a]*(?:[a\\]]+)*b$",
  "^\\p{L}+(\\p{L}+)*b$",
];

/** What servers write, on what people write. */
const USUAL: readonly (readonly [pattern: string, fits: string, not: string])[] = [
  ["^\\d{5}$", "12345", "1234"],
  ["^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$", "kelp@example.com", "kelp"],
  ["^10\\.\\d{4,9}/\\S+$", "10.1038/s41586-020-2649-2", "11.1/x"],
  ["^(\\d{1,3}\\.){3}\\d{1,3}$", "127.0.0.1", "127.0.0"],
  ["^#?([0-9a-f]{3}|[0-9a-f]{6})$", "#00ff7f", "#00ff"],
  ["^(?=.*[A-Z])(?=.*\\d).{8,64}$", "Kelpforest1", "kelpforest"],
  ["^\\p{Lu}\\w*$", "Kelp", "kelp"],
  ["^(?<year>\\d{4})-(?:0[1-9]|1[0-2])$", "2026-07", "2026-13"],
  ["kelp|reef", "a reef", "a rock"],
];

describe("a pattern that would keep the page busy for ever", () => {
  it.each(EVIL)("%s is left out, and that is said", (pattern) => {
    const before = process.cpuUsage();
    for (const schema of [
      { type: "object", properties: { word: { type: "string", pattern } }, required: ["word", "other"] },
      {
        type: "object",
        properties: { word: { $ref: "#/$defs/word" } },
        required: ["other"],
        $defs: { word: { allOf: [{ pattern }] } },
      },
    ]) {
      const check = checkAgainst(schema, { word: EVIL_TEXT });
      expect(check).toMatchObject({ kind: "checked", unchecked: [pattern] });
      expect(check.kind === "checked" && check.problems.map(({ path }) => path)).toEqual([["other"]]);
    }
    const keys = { type: "object", patternProperties: { [pattern]: false }, additionalProperties: false };
    expect(checkAgainst(keys, { [EVIL_TEXT]: 1 })).toEqual({
      kind: "checked",
      problems: [],
      unchecked: [pattern],
    });
    expect(msOfCpu(before)).toBeLessThan(1_000);
  });

  it.each([
    { not: { pattern: "^(a+)+$" } },
    { if: { pattern: "^(a+)+$" }, else: false },
    { oneOf: [{ pattern: "^(a+)+$" }, { type: "string" }] },
    { not: { $ref: "#/$defs/word" }, $defs: { word: { pattern: "^(a+)+$" } } },
    { properties: { not: { pattern: "^(a+)+$" } }, not: { $ref: "#/properties/not" } },
  ])("%j is not checked at all: without the pattern it would mean something else", (schema) => {
    expect(checkAgainst(schema, EVIL_TEXT)).toEqual({
      kind: "unusable",
      message: "The pattern ^(a+)+$ could take too long to check",
    });
    expect(unfitForForm(schema)).toBe("Its schema has patterns that could take too long to check");
  });

  it("is one also under a property that has a keyword's name", () => {
    const schema = { properties: { const: { pattern: "^(a+)+$" }, pattern: { pattern: "^(a+)+$" } } };
    const check = checkAgainst(schema, { const: EVIL_TEXT, pattern: EVIL_TEXT });
    expect(check).toEqual({ kind: "checked", problems: [], unchecked: ["^(a+)+$"] });
  });
});

describe("a pattern as servers write them", () => {
  it.each(USUAL)("%s is checked", (pattern, fits, not) => {
    expect(checkAgainst({ pattern }, fits)).toEqual({ kind: "checked", problems: [], unchecked: [] });
    expect(checkAgainst({ pattern }, not)).toMatchObject({
      problems: [{ keyword: "pattern" }],
      unchecked: [],
    });
  });

  it("is an upper bound of what is tried: what is understood is fast on the worst text", () => {
    for (const pattern of [...EVIL, ...USUAL.map(([usual]) => usual)]) {
      for (let length = 8; length <= 4_096; length *= 2) {
        if (pathsOf(pattern, length) > 5_000_000) break;
        const before = process.cpuUsage();
        new RegExp(pattern, "u").test(`${"a".repeat(length)}!`);
        expect(msOfCpu(before), `${pattern} on ${length}`).toBeLessThan(500);
      }
    }
  });
});

/** What was computed since: what else the machine does is not ours. */
function msOfCpu(before: NodeJS.CpuUsage): number {
  return process.cpuUsage(before).user / 1_000;
}
