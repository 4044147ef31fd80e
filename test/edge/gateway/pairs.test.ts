import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { JobHost } from "../../fixtures/job-host.ts";
import { ALL_PAIRS, SHAPES } from "../../fixtures/job-servers.ts";
import { freePort, type ServerProcess, startWorker } from "../../servers/processes.ts";
import { BEARER, TESTER } from "../../servers/test-token.ts";
import { type Listening, listen } from "./node-http.ts";
import { type Answer, callAndCheck, sdkV1 } from "./plain-clients.ts";

const jobs = new JobHost("2025-11-25", ...SHAPES);
let state: string;
let served: Listening;
let worker: ServerProcess;
let start: () => Promise<ServerProcess>;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "holdfast-pairs-"));
  served = await listen(jobs.fetch);
  const port = await freePort();
  const endpoints = { jobs: { url: served.url, allowPrivate: true, pairs: ALL_PAIRS } };
  const vars = {
    TOKENS: JSON.stringify([TESTER]),
    ENDPOINTS: JSON.stringify(endpoints),
    GATEWAY: JSON.stringify({ budgetMs: 500 }),
    METRICS_TOKEN: "metrics-token",
  };
  start = () => startWorker({ port, persistTo: state, vars });
  worker = await start();
}, 60_000);

afterAll(async () => {
  await Promise.all([worker.kill(), served.close()]);
  await rm(state, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

test("an agent calls one tool for each of five pairs; the worker is killed while the jobs run, and brings five results", {
  timeout: 180_000,
}, async () => {
  const url = new URL(`${worker.url}/mcp/jobs`);
  jobs.jobs.looks = 1_000_000;
  const before = await sdkV1(url, BEARER, 30_000);
  const running: Answer[] = [];
  // Arguments of a plain client are texts and numbers; the SDK takes any.
  for (const { pairName, args } of SHAPES) running.push(await before.call(pairName, args as never));
  expect(running.map(({ structuredContent }) => structuredContent)).toMatchObject(
    Array(5).fill({ status: "working", task: expect.any(String) }),
  );
  await before.close();
  await worker.kill();
  for (const job of jobs.jobs.all) job.looks = 0;

  worker = await start();
  const after = await sdkV1(url, BEARER, 30_000);
  for (const [index, { outcome }] of SHAPES.entries()) {
    const task = String(running[index]?.structuredContent?.task);
    const answer = await callAndCheck(after, "check_task", { task });
    expect(answer.isError, JSON.stringify(answer)).not.toBe(true);
    expect(JSON.stringify(answer)).toContain(outcome);
  }
  await after.close();
  expect(jobs.jobs.all).toHaveLength(5);

  const reply = await fetch(`${worker.url}/v1/tasks`, { headers: BEARER });
  expect(JSON.stringify(await reply.json())).toContain('"generation":"pairs"');
  // Each job has ended by a poll of this worker.
  await expect.poll(() => polls()).toBeGreaterThanOrEqual(5);
});

async function polls(): Promise<number> {
  const headers = { authorization: "Bearer metrics-token" };
  const text = await (await fetch(`${worker.url}/metrics`, { headers })).text();
  const [, count = "0"] = /^holdfast_polls_total\S* (\d+)/m.exec(text) ?? [];
  return Number(count);
}
