import { afterEach, describe, expect, test } from "vitest";
import { fromUrl } from "../../../src/channel/http.ts";
import { timerHost } from "../../../src/hosts/timer-host.ts";
import { type Task, TaskClient } from "../../../src/index.ts";
import { withPairs } from "../../../src/pairs/index.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import type { TaskStore } from "../../../src/store/task-store.ts";
import { JobHost } from "../../fixtures/job-host.ts";
import { BATCH, CRAWL, DEPLOY, EXPORT, type JobShape, QUERY, SHAPES } from "../../fixtures/job-servers.ts";

const clients: TaskClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

function clientOf(host: JobHost, shape: JobShape, store: TaskStore = memoryStore()): TaskClient {
  const connector = fromUrl("https://jobs.test/mcp", { fetch: host.fetch });
  const client = new TaskClient({
    store,
    endpoints: { lab: withPairs(connector, { [shape.pairName]: { ...shape.pair, intervalMs: 1 } }) },
    timing: { minPollMs: 1, backoffMs: 1, maxBackoffMs: 2, cancelGraceMs: 50 },
    host: timerHost(),
  });
  clients.push(client);
  return client;
}

async function viewsOf(task: Task): Promise<Task["view"][]> {
  const views: Task["view"][] = [];
  for await (const view of task) views.push(view);
  return views;
}

describe.each(["2025-11-25", "2026-07-28"] as const)("Pairs of a %s server", (generation) => {
  test.each(SHAPES)("$pairName: one call is one task, polled to its result", async (shape) => {
    const host = new JobHost(generation, shape);
    const task = await clientOf(host, shape).callTool("lab", shape.pairName, shape.args);
    expect(task.view).toMatchObject({ generation: "pairs", status: "working", tool: shape.pairName });
    expect(task.view.taskId).toContain(`${shape.pairName}/`);
    const result = await task.result();
    expect(JSON.stringify(result)).toContain(shape.outcome);
    expect(host.jobs.all).toHaveLength(1);
    expect(host.jobs.all[0]?.args).toEqual(shape.args);
  });

  test.each(SHAPES)("$pairName: a later process resumes the job, and starts no other", async (shape) => {
    const host = new JobHost(generation, shape);
    const store = memoryStore();
    host.jobs.looks = 1_000_000;
    const first = clientOf(host, shape, store);
    const { id } = await first.callTool("lab", shape.pairName, shape.args);
    await first.close();
    for (const job of host.jobs.all) job.looks = 0;
    const [task] = await clientOf(host, shape, store).resume();
    expect(task?.id).toBe(id);
    expect(JSON.stringify(await task?.result())).toContain(shape.outcome);
    expect(host.jobs.all).toHaveLength(1);
  });

  test.each([EXPORT, BATCH, QUERY])("$pairName: cancel() calls the cancel tool", async (shape) => {
    const host = new JobHost(generation, shape);
    host.jobs.looks = 1_000_000;
    const task = await clientOf(host, shape).callTool("lab", shape.pairName, shape.args);
    await task.cancel();
    await expect(task.result()).rejects.toThrow("cancelled");
    expect(task.view.outcome).toEqual({ kind: "cancelled", confirmed: true });
    expect(host.jobs.all[0]?.stopped).toBe(true);
  });

  test("a pair without a cancel tool: cancel() ends the task, and says that the server did not confirm it", async () => {
    const host = new JobHost(generation, CRAWL);
    host.jobs.looks = 1_000_000;
    const task = await clientOf(host, CRAWL).callTool("lab", "crawl", CRAWL.args);
    await task.cancel();
    await expect(task.result()).rejects.toThrow("cancelled");
    expect(task.view.outcome).toEqual({ kind: "cancelled", confirmed: false });
  });

  test.each([EXPORT, CRAWL, BATCH, QUERY])(
    "$pairName: a job that breaks fails its task, with the server's reason",
    async (shape) => {
      const host = new JobHost(generation, shape);
      host.jobs.looks = 1_000_000;
      const task = await clientOf(host, shape).callTool("lab", shape.pairName, shape.args);
      for (const job of host.jobs.all) job.broken = "The disk is full";
      await expect(task.result()).rejects.toThrow("The disk is full");
      expect(task.view.outcome).toMatchObject({
        kind: "failed",
        error: { reason: "reported", message: "The disk is full" },
      });
    },
  );

  test.each(SHAPES)("$pairName: a job that the server no longer knows is lost", async (shape) => {
    const host = new JobHost(generation, shape);
    host.jobs.looks = 1_000_000;
    const task = await clientOf(host, shape).callTool("lab", shape.pairName, shape.args);
    host.jobs.all.length = 0;
    await expect(task.result()).rejects.toThrow(/no longer knows|cannot be known/);
  });

  test("a start whose reply is lost is lost, and is not made again", async () => {
    const host = new JobHost(generation, EXPORT);
    const client = clientOf(host, EXPORT);
    await client.listTools("lab");
    host.losesReplies = 1;
    await expect(client.callTool("lab", "export", EXPORT.args)).rejects.toThrow("no reply");
    expect(host.calls).toEqual(["start_export"]);
  });

  test("a start whose reply is lost is found by the list tool, and not confused with others' jobs", async () => {
    const host = new JobHost(generation, QUERY);
    host.jobs.start("q-", { project: "ocean", sql: "select 1" });
    const client = clientOf(host, QUERY);
    await client.listTools("lab");
    host.losesReplies = 1;
    const task = await client.callTool("lab", "query", QUERY.args);
    expect(JSON.stringify(await task.result())).toContain(QUERY.outcome);
    expect(host.calls.filter((name) => name === "submit_query")).toHaveLength(1);
  });

  test.each([
    ["a page number", 2],
    ["an opaque cursor", "b3BhcXVl"],
  ])(
    "a start whose reply is lost is found on the second page of the list tool, by %s",
    async (_what, next) => {
      const list = QUERY.pair.list && { ...QUERY.pair.list, cursor: { argument: "page", next: "/next" } };
      const shape: JobShape = {
        ...QUERY,
        pair: { ...QUERY.pair, ...(list && { list }) },
        call(jobs, name, args) {
          if (name !== "list_queries" || args.page === next) return QUERY.call(jobs, name, args);
          return { content: [{ type: "text", text: JSON.stringify({ queries: [], next }) }] };
        },
      };
      const host = new JobHost(generation, shape);
      const client = clientOf(host, shape);
      await client.listTools("lab");
      host.losesReplies = 1;
      const task = await client.callTool("lab", "query", QUERY.args);
      expect(JSON.stringify(await task.result())).toContain(QUERY.outcome);
      expect(host.calls.filter((name) => name === "submit_query")).toHaveLength(1);
    },
  );

  test("the server's list shows one tool for the pair, with the start tool's schema", async () => {
    const host = new JobHost(generation, EXPORT, BATCH);
    const connector = fromUrl("https://jobs.test/mcp", { fetch: host.fetch });
    const client = new TaskClient({
      store: memoryStore(),
      endpoints: { lab: withPairs(connector, { export: EXPORT.pair, batch: BATCH.pair }) },
      host: timerHost(),
    });
    clients.push(client);
    const tools = await client.listTools("lab");
    expect(tools.map(({ name }) => name)).toEqual(["export", "count_rows", "batch"]);
    expect(tools[0]?.definition.inputSchema).toMatchObject({ properties: { table: { type: "string" } } });
    // What the pair itself passes is not asked of the caller.
    expect(tools[2]?.definition.inputSchema).toMatchObject({
      properties: { prompts: { type: "array" }, batch: { type: "integer" } },
      required: [],
    });
    const counted = await client.callTool("lab", "count_rows", { table: "papers" });
    expect(counted.view).toMatchObject({ generation, status: "completed" });
  });
});

test("progress is what the status tool says, as text or numbers, and is published when it changes", async () => {
  for (const [shape, expected] of [
    [EXPORT, [0, 33, 66]],
    [CRAWL, [0, 1, 2]],
  ] as const) {
    const host = new JobHost("2025-11-25", shape);
    const task = await clientOf(host, shape).callTool("lab", shape.pairName, shape.args);
    const views = await viewsOf(task);
    const seen = [...new Set(views.flatMap(({ progress }) => (progress ? [progress.progress] : [])))];
    expect(seen).toEqual(expect.arrayContaining([...expected]));
    expect(views.find(({ progress }) => progress)?.progress?.total).toBe(shape === EXPORT ? 100 : 3);
  }
});

test("a job that waits for a person is shown as such, and says after a while that nothing can be answered", async () => {
  const host = new JobHost("2025-11-25", CRAWL);
  host.jobs.looks = 1_000_000;
  const task = await clientOf(host, CRAWL).callTool("lab", "crawl", CRAWL.args);
  for (const job of host.jobs.all) job.asking = true;
  for await (const { status, retry } of task) {
    if (!retry) continue;
    expect(status).toBe("input_required");
    expect(task.view.snapshot?.statusMessage).toContain("give it at the server itself, or cancel the task");
    expect(retry.failure.message).toContain("asks nothing that can be answered");
    break;
  }
  for (const job of host.jobs.all) Object.assign(job, { asking: false, looks: 0 });
  expect(JSON.stringify(await task.result())).toContain(CRAWL.outcome);
});

test("a status word that nobody named is reported with the word, and the task goes on once it is described", async () => {
  const host = new JobHost("2025-11-25", DEPLOY);
  const store = memoryStore();
  const { words: _words, ...pair } = DEPLOY.pair;
  const first = clientOf(host, { ...DEPLOY, pair }, store);
  host.jobs.looks = 1_000_000;
  const task = await first.callTool("lab", "deploy", DEPLOY.args);
  for await (const { retry } of task) {
    if (!retry) continue;
    expect(retry.failure.message).toContain("add it to words of the pair deploy");
    break;
  }
  await first.close();
  for (const job of host.jobs.all) job.looks = 0;
  const [again] = await clientOf(host, DEPLOY, store).resume();
  expect(JSON.stringify(await again?.result())).toContain(DEPLOY.outcome);
});
