import type { TaskView } from "holdfast";
import { expect, test, vi } from "vitest";
import { ALL, readWanted, type Wanted, wantedTasks, writeWanted } from "../../../ui/tasks/task-filter.ts";

const NOW = 10_000_000_000;

function task(id: string, part: Partial<TaskView> = {}): TaskView {
  return {
    id,
    endpoint: "papers",
    generation: "2026-07-28",
    tool: "acquire_paper",
    arguments: { doi: `10.1/${id}` },
    status: "working",
    rev: 1,
    createdAt: NOW - 1_000,
    inputRequests: [],
    cancelling: false,
    ...part,
  };
}

/** The oldest first, as a client lists them. */
const TASKS = [
  task("old", { createdAt: NOW - 8 * 86_400_000, endpoint: "press" }),
  task("long", {
    createdAt: NOW - 7_200_000,
    settledAt: NOW - 3_600_000,
    status: "completed",
    outcome: { kind: "completed", result: { content: [] } },
  }),
  task("short", {
    createdAt: NOW - 60_000,
    settledAt: NOW - 59_000,
    tool: "zoom",
    status: "failed",
    outcome: { kind: "failed", error: { reason: "rpc", message: "No such paper" } },
  }),
  task("now"),
];

const idsOf = (part: Partial<Wanted>): readonly string[] =>
  wantedTasks(TASKS, { ...ALL, ...part }, NOW).map(({ id }) => id);

test("wantedTasks() filters by server, tool, status, age and words together, the newest first", () => {
  expect(idsOf({})).toEqual(["now", "short", "long", "old"]);
  expect(idsOf({ server: "press" })).toEqual(["old"]);
  expect(idsOf({ tool: "zoom" })).toEqual(["short"]);
  expect(idsOf({ kind: "failed" })).toEqual(["short"]);
  expect(idsOf({ kind: "running", age: "24h" })).toEqual(["now"]);
  expect(idsOf({ age: "1h" })).toEqual(["now", "short"]);
  expect(idsOf({ text: "10.1/ PAPER no" })).toEqual(["now", "short"]);
  expect(idsOf({ server: "press", tool: "zoom" })).toEqual([]);
});

test("wantedTasks() finds a word in what a task says now, and none that begins in one text and ends in another", () => {
  const [first = task("none")] = TASKS;
  const saying = { ...first, progress: { progress: 1, message: "Reading Page Seven" } };
  const found = (tasks: readonly TaskView[], text: string): number =>
    wantedTasks(tasks, { ...ALL, text }, NOW).length;
  expect([found([first], "seven"), found([saying], "seven"), found([saying], "page SEVEN press")]).toEqual([
    0, 1, 1,
  ]);
  expect(found([first], "acquire_paperpress")).toBe(0);
});

test("wantedTasks() looks at what a task says once, however often it is searched", () => {
  let reads = 0;
  const counted: TaskView = {
    ...task("counted"),
    get arguments() {
      reads++;
      return { doi: "10.1/counted" };
    },
  };
  for (const text of ["1", "10", "10.", "10.1", "nothing"]) wantedTasks([counted], { ...ALL, text }, NOW);
  expect(reads).toBe(1);
});

test("wantedTasks() compares the words that it sorts by, and not each of thousands of tasks by its own", () => {
  const tools = ["zoom", "acquire", "lookup"];
  const many = Array.from({ length: 3_000 }, (_, index) =>
    task(`${index}`, { createdAt: index, tool: tools[index % 3] ?? "" }),
  );
  const compare = vi.spyOn(String.prototype, "localeCompare");
  const sorted = wantedTasks(many, { ...ALL, sort: "tool" }, NOW);
  expect(compare.mock.calls.length).toBeLessThan(10);
  compare.mockRestore();
  expect(sorted.slice(0, 2).map(({ id }) => id)).toEqual(["2998", "2995"]);
  expect(sorted.map(({ tool }) => tool)).toEqual(
    ["acquire", "lookup", "zoom"].flatMap((tool) => Array<string>(1_000).fill(tool)),
  );
});

test("wantedTasks() sorts by age, duration, tool and status, and the newest first among equals", () => {
  expect(idsOf({ sort: "oldest" })).toEqual(["old", "long", "short", "now"]);
  expect(idsOf({ sort: "longest" })).toEqual(["old", "long", "now", "short"]);
  expect(idsOf({ sort: "tool" })).toEqual(["now", "long", "old", "short"]);
  expect(idsOf({ sort: "status" })).toEqual(["long", "short", "now", "old"]);
});

test("what is wanted comes back from an address as it was written", () => {
  const wanted: Wanted = {
    kind: "failed",
    text: "kelp & 10.1/x?y#z",
    server: "https://a.example/mcp?x=1",
    tool: "acquire_paper",
    age: "7d",
    sort: "longest",
    group: "tool",
  };
  expect(readWanted(writeWanted(wanted))).toEqual(wanted);
  expect(writeWanted(ALL)).toBe("");
  expect(readWanted("")).toEqual(ALL);
});

test("an address that somebody made up filters by what it says that is known", () => {
  expect(readWanted("status=nonsense&since=1y&sort=__proto__&text=kelp&more=1")).toEqual({
    ...ALL,
    text: "kelp",
  });
  expect(readWanted("since=toString")).toEqual(ALL);
});
