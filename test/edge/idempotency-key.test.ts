import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../browser/until.ts";
import { JobHost } from "../fixtures/job-host.ts";
import { EXPORT } from "../fixtures/job-servers.ts";
import { freePort, type ServerProcess, startWorker } from "../servers/processes.ts";
import { BEARER, TESTER } from "../servers/test-token.ts";
import { type Listening, listen } from "./gateway/node-http.ts";

const host = new JobHost("2025-11-25", EXPORT);
let state: string;
let served: Listening;
let worker: ServerProcess;
let start: () => Promise<ServerProcess>;

beforeAll(async () => {
  host.keepsKeys = true;
  state = await mkdtemp(join(tmpdir(), "holdfast-keys-"));
  served = await listen(host.fetch);
  const port = await freePort();
  const jobs = { url: served.url, allowPrivate: true, pairs: { export: EXPORT.pair }, idempotencyKey: true };
  const vars = { TOKENS: JSON.stringify([TESTER]), ENDPOINTS: JSON.stringify({ jobs }) };
  start = () => startWorker({ port, persistTo: state, vars });
  worker = await start();
}, 60_000);

afterAll(async () => {
  await Promise.all([worker.kill(), served.close()]);
  await rm(state, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

async function call(tool: string, args: object): Promise<string> {
  const reply = await fetch(`${worker.url}/v1/endpoints/jobs/calls`, {
    method: "POST",
    headers: { ...BEARER, "content-type": "application/json" },
    body: JSON.stringify({ tool, arguments: args }),
  });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${reply.status} ${text}`);
  return (JSON.parse(text) as { id: string }).id;
}

test("a worker killed before the replies came makes both calls again under their keys: one job, one count", {
  timeout: 180_000,
}, async () => {
  host.withholdsReplies = 2;
  const ids = [await call("export", EXPORT.args), await call("count_rows", { table: "papers" })];
  await until("both calls at the server", async () => (host.calls.length === 2 ? true : undefined));
  await worker.kill();
  worker = await start();
  for (const id of ids) {
    await until("the end of a task", async () => {
      const reply = await fetch(`${worker.url}/v1/tasks/${id}?wait=20`, { headers: BEARER });
      return ((await reply.json()) as { status: string }).status === "completed" ? true : undefined;
    });
  }
  for (const tool of ["start_export", "count_rows"]) {
    expect(host.calls.filter((name) => name === tool)).toHaveLength(2);
    expect(host.done.filter((name) => name === tool)).toHaveLength(1);
  }
});
