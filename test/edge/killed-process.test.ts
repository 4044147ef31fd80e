import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../browser/until.ts";
import { freePort, type ServerProcess, startEverything, startWorker } from "../servers/processes.ts";
import { BEARER, TESTER } from "../servers/test-token.ts";
import { CountingProxy } from "./counting-proxy.ts";

interface Started {
  readonly id: string;
  readonly status: string;
}

let state: string;
let everything: ServerProcess;
let proxy: CountingProxy;
let worker: ServerProcess;
let start: () => Promise<ServerProcess>;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "holdfast-edge-"));
  everything = await startEverything();
  proxy = await CountingProxy.before(everything.url);
  const port = await freePort();
  const endpoints = { everything: { url: proxy.url, allowPrivate: true } };
  const vars = { DEMO: "true", TOKENS: JSON.stringify([TESTER]), ENDPOINTS: JSON.stringify(endpoints) };
  start = () => startWorker({ port, persistTo: state, vars });
  worker = await start();
}, 60_000);

afterAll(async () => {
  await Promise.all([worker.kill(), everything.kill(), proxy.close()]);
  await rm(state, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

async function ask<T>(method: string, path: string, body?: object): Promise<T> {
  const reply = await fetch(`${worker.url}${path}`, {
    method,
    headers: { ...BEARER, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text}`);
  return JSON.parse(text) as T;
}

function call(endpoint: string, tool: string, args: object): Promise<Started> {
  return ask("POST", `/v1/endpoints/${endpoint}/calls`, { tool, arguments: args });
}

async function sampleCalls(): Promise<number> {
  const entries = await ask<{ method?: string }[]>("GET", "/samples/demo/wire");
  return entries.filter(({ method }) => method === "tools/call").length;
}

test("a worker killed with 50 tasks in flight gives 50 results when it is started again", {
  timeout: 180_000,
}, async () => {
  const kelp = (n: number) => ({ doi: `10.1/${n}`, stage_ms: 5_000 });
  const tasks = await Promise.all([
    ...Array.from({ length: 20 }, (_, n) => call("sample-2025", "acquire_paper", kelp(n))),
    ...Array.from({ length: 20 }, (_, n) => call("sample-2026", "acquire_paper", kelp(n))),
  ]);
  // The last to start: they are the first to end.
  const research = (n: number) => call("everything", "simulate-research-query", { topic: `kelp ${n}` });
  tasks.push(...(await Promise.all(Array.from({ length: 10 }, (_, n) => research(n)))));
  const standing = async (): Promise<readonly string[]> =>
    (await Promise.all(tasks.map(({ id }) => ask<Started>("GET", `/v1/tasks/${id}`)))).map(
      ({ status }) => status,
    );
  // What was not answered when its worker died is lost: 2026-07-28 has no way to find it.
  const statuses = await until("every call has its task", async () => {
    const found = await standing();
    return found.includes("calling") ? undefined : found;
  });
  // The research takes four seconds: where the machine took longer, it has ended.
  expect(statuses.filter((status) => status === "working").length).toBeGreaterThanOrEqual(40);

  await worker.kill();
  worker = await start();

  for (const { id } of tasks) {
    const task = await settled(id);
    expect(task, id).toMatchObject({ status: "completed", outcome: { kind: "completed" } });
    expect(JSON.stringify(task.outcome)).toMatch(/references|Research Report/);
  }
  expect(await sampleCalls()).toBe(40);
  expect(proxy.count("tools/call")).toBe(10);
});

async function settled(id: string): Promise<{ status: string; outcome?: object }> {
  for (;;) {
    const task = await ask<{ status: string; outcome?: object }>("GET", `/v1/tasks/${id}?wait=20`);
    if (task.outcome) return task;
  }
}
