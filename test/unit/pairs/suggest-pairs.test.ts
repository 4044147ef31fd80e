import { describe, expect, test } from "vitest";
import { readPairs, suggestPairs } from "../../../src/pairs/index.ts";
import { TOOL_LISTS, type ToolList, tool } from "../../fixtures/tool-lists.ts";
import { HELD_BACK } from "../../fixtures/tool-lists-held-back.ts";

const ALL = [...TOOL_LISTS, ...HELD_BACK];

/** What is suggested with confidence, as a person would name it. */
function confident(tools: ToolList["tools"]) {
  return suggestPairs(tools)
    .filter(({ confidence }) => confidence === "high")
    .map(({ pair: { start, status, result, cancel } }) => ({
      start: start.tool,
      status: status.tool,
      ...(result && { result: result.tool }),
      ...(cancel && { cancel: cancel.tool }),
    }));
}

describe("suggestPairs()", () => {
  test.each(ALL)("$server: proposes its pairs with confidence, and nothing else", ({ tools, pairs }) => {
    expect(new Set(confident(tools))).toEqual(new Set(pairs));
  });

  test("finds 8 of 10 true pairs of 30 lists or more, and no wrong one", () => {
    expect(ALL).toHaveLength(30);
    const count = { true: 0, found: 0, wrong: 0 };
    for (const { tools, pairs } of ALL) {
      const made = confident(tools).map((pair) => JSON.stringify(pair));
      const wanted = pairs.map(({ start, status, result, cancel }) =>
        JSON.stringify({ start, status, ...(result && { result }), ...(cancel && { cancel }) }),
      );
      count.true += wanted.length;
      count.found += wanted.filter((pair) => made.includes(pair)).length;
      count.wrong += made.filter((pair) => !wanted.includes(pair)).length;
    }
    console.log(`suggestPairs: ${count.found} of ${count.true} pairs found, ${count.wrong} wrong`);
    expect(count.wrong).toBe(0);
    expect(count.true).toBeGreaterThanOrEqual(15);
    expect(count.found).toBeGreaterThanOrEqual(0.8 * count.true);
  });

  test("gives a description that readPairs() takes, the reasons, and what to check", () => {
    for (const { tools } of ALL) {
      for (const { name, pair, reasons } of suggestPairs(tools)) {
        expect(readPairs({ [name]: pair })).toBeDefined();
        expect(reasons.length).toBeGreaterThan(0);
      }
    }
    const [batch] = suggestPairs(TOOL_LISTS.find(({ server }) => server === "batch inference")?.tools ?? []);
    expect(batch).toMatchObject({
      name: "batch",
      pair: {
        start: { tool: "createBatch", id: "/id" },
        status: { tool: "retrieveBatch", arguments: { batchId: "/id" }, status: "/status" },
        cancel: { tool: "cancelBatch", arguments: { batchId: "/id" } },
      },
      toCheck: [],
    });
    const [crawl] = suggestPairs(TOOL_LISTS[0]?.tools ?? []);
    expect(crawl?.toCheck).toEqual(["start.id", "status.status"]);
    expect(crawl?.reasons[0]).toBe("scraper_crawl says to call scraper_check_crawl_status");
  });

  test("passes on the arguments of the start that the other tools need, too", () => {
    const [job] = suggestPairs(HELD_BACK.find(({ server }) => server === "analytics warehouse")?.tools ?? []);
    expect(job?.pair.status.arguments).toEqual({ project_id: "/arguments/project_id", job_id: "/id" });
  });

  test("takes a server that marks no argument as required, and writes nouns before verbs", () => {
    const takes = (...names: readonly string[]) => ({
      inputSchema: {
        type: "object",
        properties: Object.fromEntries(names.map((name) => [name, { type: "string" }])),
      },
    });
    const tools = [
      {
        name: "create_trainings",
        description: "Start a new training of a model version.",
        ...takes("version", "input"),
      },
      { name: "get_trainings", description: "Get the current state of a training.", ...takes("training_id") },
      { name: "cancel_trainings", description: "Cancel a training", ...takes("training_id") },
      { name: "monitor_delete", description: "Delete a monitor.", ...takes("id") },
      { name: "monitor_check", description: "Get one check of a monitor.", ...takes("id", "checkId") },
    ];
    expect(confident(tools)).toEqual([
      { start: "create_trainings", status: "get_trainings", cancel: "cancel_trainings" },
    ]);
    expect(suggestPairs(tools).map(({ pair }) => pair.start.tool)).toEqual(["create_trainings"]);
  });

  test.each<[what: string, tools: ToolList["tools"]]>([
    [
      "a job board",
      [
        tool("create_job", "Create a job posting.", "title salary"),
        tool("get_job_status", "The status of a job posting: running or finished.", "job_id"),
      ],
    ],
    [
      "a scheduler",
      [
        tool("create_job", "Create a cron job.", "schedule command"),
        tool("get_job", "Get a cron job.", "job_id"),
        tool("update_job", "Update a cron job.", "job_id schedule"),
      ],
    ],
    [
      "a workspace that runs for ever",
      [
        tool("create_workspace", "Create a workspace.", "template"),
        tool("get_workspace_status", "The status of a workspace.", "workspace_id", {
          returns: "status",
          states: ["pending", "running", "stopped", "failed"],
        }),
      ],
    ],
    [
      "a start that takes the id",
      [
        tool("start_export", "Starts an export in the background.", "export_id"),
        tool("get_export_status", "The status of an export.", "export_id"),
      ],
    ],
    [
      "a status tool that needs what nobody says",
      [
        tool("start_job", "Starts a job.", "input"),
        tool("get_job_status", "The status.", "job_id region tenant"),
      ],
    ],
    [
      "a status that changes nothing",
      [
        tool("run_export", "Exports, and returns the rows.", "table"),
        tool("export_status", "Whether exports are enabled.", ""),
      ],
    ],
  ])("does not propose %s with confidence", (_what, tools) => {
    expect(confident(tools)).toEqual([]);
  });

  test("takes any list: entries that are not tools are left out, and a hostile one costs a bounded time", () => {
    expect(suggestPairs([])).toEqual([]);
    expect(suggestPairs([null, 3, "x", {}, { name: 7 }, { name: "start_x", inputSchema: [] }])).toEqual([]);
    const long = "returns takes a long ".repeat(10_000);
    const hostile = Array.from({ length: 3_000 }, (_, at) =>
      at % 2 === 0 ? tool(`start_job_${at}`, long, "input") : tool(`get_job_${at}_status`, long, "job_id"),
    );
    const began = performance.now();
    expect(suggestPairs(hostile).length).toBeLessThanOrEqual(50);
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});
