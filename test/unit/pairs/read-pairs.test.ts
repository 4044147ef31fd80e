import { describe, expect, test } from "vitest";
import { PairsError, readPairs } from "../../../src/pairs/index.ts";
import { SHAPES } from "../../fixtures/job-servers.ts";

const START = { tool: "start", id: "/id" };
const STATUS = { tool: "get", arguments: { id: "/id" }, status: "/state" };
const PAIR = { start: START, status: STATUS };

describe("readPairs()", () => {
  test.each(SHAPES)("takes the description of $pairName, also after it was JSON", ({ pairName, pair }) => {
    const described = { [pairName]: pair };
    expect(readPairs(JSON.parse(JSON.stringify(described)))).toEqual(described);
  });

  test("takes functions as places, in code", () => {
    const described = { job: { ...PAIR, status: { ...STATUS, status: () => "done" } } };
    expect(readPairs(described)).toBe(described);
  });

  test.each<[path: string, described: unknown]>([
    ["", 3],
    ["a b", { "a b": PAIR }],
    ["job", { job: null }],
    ["job.start", { job: { status: STATUS } }],
    ["job.start.tool", { job: { ...PAIR, start: { tool: "", id: "/id" } } }],
    ["job.start.id", { job: { ...PAIR, start: { tool: "start" } } }],
    ["job.start.id", { job: { ...PAIR, start: { tool: "start", id: "id" } } }],
    ["job.start.id", { job: { ...PAIR, start: { tool: "start", id: "/a~2" } } }],
    ["job.start.id", { job: { ...PAIR, start: { tool: "start", id: { after: " " } } } }],
    ["job.start.id", { job: { ...PAIR, start: { tool: "start", id: { after: "Id:", before: "." } } } }],
    ["job.start.id", { job: { ...PAIR, start: { tool: "start", id: { matches: "(a+)+" } } } }],
    ["job.start.arguments.kind", { job: { ...PAIR, start: { ...START, arguments: { kind: "x" } } } }],
    ["job.status.arguments", { job: { ...PAIR, status: { ...STATUS, arguments: {} } } }],
    [
      "job.status.arguments.p",
      { job: { ...PAIR, status: { ...STATUS, arguments: { id: "/id", p: "/project" } } } },
    ],
    ["job.status.status", { job: { ...PAIR, status: { tool: "get", arguments: { id: "/id" } } } }],
    ["job.status.absent", { job: { ...PAIR, status: { ...STATUS, absent: "finished" } } }],
    ["job.result.tool", { job: { ...PAIR, result: { arguments: { id: "/id" } } } }],
    [
      "job.cancel.result",
      { job: { ...PAIR, cancel: { tool: "stop", arguments: { id: "/id" }, result: "/x" } } },
    ],
    ["job.list.createdAt", { job: { ...PAIR, list: { tool: "list", jobs: "/jobs", id: "/id" } } }],
    [
      "job.list.id",
      { job: { ...PAIR, list: { tool: "list", jobs: "/jobs", id: { after: "x" }, createdAt: "/at" } } },
    ],
    ["job.words.done", { job: { ...PAIR, words: { done: ["ready"] } } }],
    ["job.words.failed", { job: { ...PAIR, words: { completed: ["Over"], failed: ["over"] } } }],
    ["job.words.failed.0", { job: { ...PAIR, words: { failed: [null] } } }],
    ["job.intervalMs", { job: { ...PAIR, intervalMs: 0 } }],
    ["job.intervalMs", { job: { ...PAIR, intervalMs: 3_600_001 } }],
    ["job.keepTools", { job: { ...PAIR, keepTools: "yes" } }],
    ["job.polls", { job: { ...PAIR, polls: 3 } }],
    ["job.__proto__", { job: JSON.parse(JSON.stringify({ ...PAIR, own: {} }).replace("own", "__proto__")) }],
  ])("names the field that is wrong: %s", (path, described) => {
    let thrown: unknown;
    try {
      readPairs(described);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(PairsError);
    expect((thrown as PairsError).path).toBe(path);
    expect((thrown as PairsError).message).toContain((thrown as PairsError).problem);
  });
});
