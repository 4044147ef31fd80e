import type { ContentBlock, TaskView } from "holdfast";
import { expect, test } from "vitest";
import { clock, duration } from "../../../ui/app/duration.ts";
import { argumentsLineOf, resultLineOf } from "../../../ui/tasks/task-words.ts";

function ended(content: ContentBlock[], structuredContent?: object): TaskView {
  return {
    id: "a",
    endpoint: "papers",
    generation: "2026-07-28",
    tool: "acquire_paper",
    arguments: {},
    status: "completed",
    rev: 1,
    createdAt: 1_000,
    inputRequests: [],
    cancelling: false,
    outcome: {
      kind: "completed",
      result: { content, ...(structuredContent && { structuredContent: { ...structuredContent } }) },
    },
  };
}

test("resultLineOf() is the first line that a tool returned, of whatever kind", () => {
  expect(resultLineOf(ended([{ type: "text", text: "\n\n  Acquired\nand more" }]))).toBe("Acquired");
  expect(
    resultLineOf(
      ended([
        { type: "image", data: "AA==" },
        { type: "text", text: "A figure" },
      ]),
    ),
  ).toBe("A figure");
  expect(resultLineOf(ended([], { pages: 23 }))).toBe('{"pages":23}');
  expect(resultLineOf(ended([{ type: "resource_link", uri: "a:b" }]))).toBe("resource link");
  expect(resultLineOf(ended([]))).toBe("");
  expect(resultLineOf(ended([{ type: "text", text: "x".repeat(10_000_000) }]))).toHaveLength(200);
});

test("resultLineOf() is empty where a list leaves the result out", () => {
  const task = ended([]);
  expect(
    resultLineOf({ ...task, outcome: { kind: "completed", result: { content: [] }, apart: true } }),
  ).toBe("");
});

test("argumentsLineOf() shows the values of some arguments, each of them short", () => {
  const line = argumentsLineOf({
    ...ended([]),
    arguments: {
      doi: "10.1/kelp",
      pages: 2,
      deep: { a: 1 },
      list: [1],
      no: null,
      long: "x".repeat(500),
      seventh: 7,
    },
  });
  expect(line).toBe(`10.1/kelp · 2 · {…} · […] · null · ${"x".repeat(80)}`);
  expect(argumentsLineOf({ ...ended([]), omitted: ["arguments"] })).toBe("long arguments");
});

test.each([
  [400, "400 ms", "400 ms"],
  [1_250, "1.3 s", "1.3 s"],
  [46_900, "46 s", "46 s"],
  [60_000, "1 min", "1:00"],
  [182_000, "3 min 2 s", "3:02"],
  [7_384_000, "2 h 3 min", "2:03:04"],
  [3 * 86_400_000, "3 days", "3 days"],
])("%d ms are %s in words, and %s on a time line", (ms, words, onClock) => {
  expect(duration(ms)).toBe(words);
  expect(clock(ms)).toBe(onClock);
});
