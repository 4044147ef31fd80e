import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../browser/until.ts";
import { JobHost } from "../../fixtures/job-host.ts";
import { EXPORT } from "../../fixtures/job-servers.ts";
import { type ServerProcess, startEverything, startWorker } from "../../servers/processes.ts";
import { CountingProxy } from "../counting-proxy.ts";
import { type Listening, listen } from "../gateway/node-http.ts";

/** Longer than an eviction and what comes after it may take. */
const SECONDS = 15;

interface Seen {
  /** Names the life of the object that answered. */
  readonly life: string;
  readonly task?: { readonly status: string; readonly progress?: object; readonly outcome?: object };
}

const jobs = new JobHost("2025-11-25", EXPORT);
let everything: ServerProcess;
let proxy: CountingProxy;
let served: Listening;
let worker: ServerProcess;

beforeAll(async () => {
  everything = await startEverything();
  proxy = await CountingProxy.before(everything.url);
  served = await listen(jobs.fetch);
  const vars = { EVERYTHING: proxy.url, JOBS: served.url, PAIRS: JSON.stringify({ export: EXPORT.pair }) };
  worker = await startWorker({ config: join(import.meta.dirname, "wrangler.toml"), vars });
}, 60_000);

afterAll(async () => {
  await Promise.all([worker.kill(), everything.kill(), proxy.close(), served.close()]);
});

async function start(endpoint: string, tool: string, args: object): Promise<string> {
  const body = JSON.stringify({ endpoint, tool, args });
  const reply = await fetch(`${worker.url}/calls`, { method: "POST", body });
  return ((await reply.json()) as { id: string }).id;
}

const look = async (id: string): Promise<Seen> =>
  (await (await fetch(`${worker.url}/task?id=${id}`)).json()) as Seen;

/** Resets the object: workerd drops its memory, and everything in flight with it. Returns once another life answers. */
async function evict(id: string, life: string): Promise<void> {
  await fetch(`${worker.url}/evict`).catch(() => undefined);
  await until("another life of the object", async () => {
    const reply = await fetch(`${worker.url}/task?id=${id}`);
    return (reply.ok && ((await reply.json()) as Seen).life !== life) || undefined;
  });
}

test("a Durable Object that is evicted twice during a plain call takes its reply in its next life", {
  timeout: 120_000,
}, async () => {
  const id = await start("everything", "trigger-long-running-operation", {
    duration: SECONDS,
    steps: 2 * SECONDS,
  });
  // Then its first event is durable.
  await until("progress of the call", async () => ((await look(id)).task?.progress ? true : undefined));
  for (let count = 0; count < 2; count++) await evict(id, (await look(id)).life);
  const { task } = await until(
    "the end of the call",
    async () => {
      const seen = await look(id);
      return seen.task?.outcome ? seen : undefined;
    },
    60_000,
  );
  expect(task).toMatchObject({ status: "completed" });
  expect(JSON.stringify(task?.outcome)).toContain("Long running operation completed");
  expect(proxy.count("tools/call")).toBe(1);
  expect(proxy.count("notifications/cancelled")).toBe(0);
});

test("a Durable Object that is evicted while the job of a pair runs takes its result, and starts no other job", {
  timeout: 120_000,
}, async () => {
  jobs.jobs.looks = 1_000_000;
  const id = await start("jobs", "export", EXPORT.args);
  await until("the task", async () => ((await look(id)).task?.status === "working" ? true : undefined));
  await evict(id, (await look(id)).life);
  expect(await look(id)).toMatchObject({ task: { status: "working" } });
  for (const job of jobs.jobs.all) job.looks = 0;
  const { task } = await until("the end of the task", async () => {
    const seen = await look(id);
    return seen.task?.outcome ? seen : undefined;
  });
  expect(JSON.stringify(task?.outcome)).toContain(EXPORT.outcome);
  expect(jobs.calls.filter((name) => name === "start_export")).toHaveLength(1);
});
