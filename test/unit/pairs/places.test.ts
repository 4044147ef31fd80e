import { describe, expect, test } from "vitest";
import type { Place } from "../../../src/pairs/index.ts";
import { firstWord, valueAt } from "../../../src/pairs/places.ts";
import { statusInText, statusOf } from "../../../src/pairs/status-words.ts";

const text = (...texts: readonly string[]) => ({
  content: texts.map((said) => ({ type: "text", text: said })),
});

describe("a place in a tool's result", () => {
  test.each<[said: string, place: Place, value: unknown]>([
    ['{"id":"a"}', "/id", "a"],
    ['{"job":{"ids":[1,2]}}', "/job/ids/1", 2],
    ['{"a/b":{"~":0}}', "/a~1b/~0", 0],
    ['["x"]', "/0", "x"],
    ['Started.\n```json\n{"id":"a"}\n```\nAsk later.', "/id", "a"],
    ['Job {"id":"a"} was queued', "/id", "a"],
    ['{"result":"{\\"id\\":\\"inner\\"}"}', "/result/id", "inner"],
    ['{"id":"a"}', "/__proto__", undefined],
    ['{"id":"a"}', "/constructor/name", undefined],
    ['{"id":null}', "/id", undefined],
    ["no JSON {at all", "/id", undefined],
    ["Job ID: abc-1", { after: "job id:" }, "abc-1"],
    ["**Job ID:** `abc-1`.\nMore", { after: "Job ID" }, "abc-1"],
    ["## Job ID\n\nabc-1\nMore", { after: "Job ID" }, "abc-1"],
    ["nothing here", { after: "Job ID" }, undefined],
    ["Job ID:", { after: "Job ID:" }, undefined],
    ["it is 45% done", { before: "% done" }, "45"],
    ["(45 % done)", { before: "% done" }, "45"],
  ])("%s at %j is %j", (said, place, value) => {
    expect(valueAt(text(said), place)).toEqual(value);
  });

  test("structured content counts before the text, and the text where it lacks the value", () => {
    const result = { ...text('{"id":"text","more":1}'), structuredContent: { id: "structured" } };
    expect(valueAt(result, "/id")).toBe("structured");
    expect(valueAt(result, "/more")).toBe(1);
  });

  test("a text of a megabyte that begins no JSON, or begins it everywhere, is read in linear time", () => {
    const began = performance.now();
    for (const part of ["{", "[", "Job ID ", "{]"]) {
      const result = text(part.repeat(1_000_000 / part.length));
      valueAt(result, "/id");
      valueAt(result, { after: "Job ID:" });
      valueAt(result, { before: "% done" });
    }
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test.each([
    ["abc-1.", "abc-1"],
    ["abc-1). More", "abc-1"],
    ["abc` and", "abc"],
    ["urn:job:7 is yours", "urn:job:7"],
  ])("an id in a sentence is its first word: %j is %j", (said, id) => {
    expect(firstWord(said)).toBe(id);
  });
});

describe("a status word", () => {
  test.each([
    ["IN_PROGRESS", "working"],
    ["in progress", "working"],
    ["🔄 In progress", "working"],
    ["Succeeded", "completed"],
    ["timed-out", "failed"],
    ["Canceled", "cancelled"],
    ["requires_action", "input_required"],
    ["completed with warnings", undefined],
    ["READY", undefined],
    ["", undefined],
  ])("%j means %s", (said, status) => {
    expect(statusOf(said, undefined)).toBe(status);
  });

  test("the pair's own words count before the usual ones, whatever their type", () => {
    const words = { completed: ["READY", 2, true], failed: ["done"] };
    expect(["ready", "2", 2, true, "Done", 3, {}].map((said) => statusOf(said, words))).toEqual([
      "completed",
      "completed",
      "completed",
      "completed",
      "failed",
      undefined,
      undefined,
    ]);
  });

  test("in a line of text it ends at the first mark", () => {
    const lines = [
      "In progress (45%)",
      "done - see below",
      "failed: disk full",
      "running…",
      "queued, 3 before you",
    ];
    expect(lines.map((line) => statusOf(statusInText(line), { working: ["running…"] }))).toEqual([
      "working",
      "completed",
      "failed",
      "working",
      "working",
    ]);
  });
});
