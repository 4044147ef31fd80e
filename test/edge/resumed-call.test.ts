import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../browser/until.ts";
import { freePort, type ServerProcess, startEverything, startWorker } from "../servers/processes.ts";
import { BEARER, TESTER } from "../servers/test-token.ts";
import { CountingProxy } from "./counting-proxy.ts";

interface View {
  readonly id: string;
  readonly status: string;
  readonly progress?: { readonly progress: number };
  readonly outcome?: object;
}

/** Longer than the interface waits for a reply, and than a worker takes to start. */
const SECONDS = 40;

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
  const vars = { TOKENS: JSON.stringify([TESTER]), ENDPOINTS: JSON.stringify(endpoints) };
  start = () => startWorker({ port, persistTo: state, vars });
  worker = await start();
}, 60_000);

afterAll(async () => {
  await Promise.all([worker.kill(), everything.kill(), proxy.close()]);
  await rm(state, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

async function ask(path: string, body?: object): Promise<View> {
  const reply = await fetch(`${worker.url}${path}`, {
    method: body ? "POST" : "GET",
    headers: { ...BEARER, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${path}: ${reply.status} ${text}`);
  return JSON.parse(text) as View;
}

/** Starts the plain call of server-everything, and resolves with its id once its response stream has begun. */
async function begun(options: object = {}): Promise<string> {
  const args = { duration: SECONDS, steps: 2 * SECONDS };
  const call = { tool: "trigger-long-running-operation", arguments: args, ...options };
  const { id } = await ask("/v1/endpoints/everything/calls", call);
  await until("progress of the call", async () =>
    (await ask(`/v1/tasks/${id}`)).progress ? true : undefined,
  );
  return id;
}

async function settled(id: string): Promise<View> {
  for (;;) {
    const task = await ask(`/v1/tasks/${id}?wait=20`);
    if (task.outcome) return task;
  }
}

test("a Durable Object that is killed during a plain call takes its reply when it is started again", {
  timeout: 240_000,
}, async () => {
  const id = await begun();
  await worker.kill();
  worker = await start();
  const task = await settled(id);
  expect(task).toMatchObject({ status: "completed" });
  expect(JSON.stringify(task.outcome)).toContain("Long running operation completed");
  expect(proxy.count("tools/call")).toBe(1);
  expect(proxy.count("notifications/cancelled")).toBe(0);
});

// The tool declares that it is safe to repeat, and would be called again.
test("a plain call whose server was restarted while the object was down is lost, and is not made again", {
  timeout: 240_000,
}, async () => {
  const before = proxy.count("tools/call");
  const id = await begun({ repeatable: false });
  await worker.kill();
  const { port } = new URL(everything.url);
  await everything.kill();
  everything = await startEverything({ port: Number(port) });
  worker = await start();
  const task = await settled(id);
  expect(task).toMatchObject({ status: "lost", outcome: { kind: "lost" } });
  expect(JSON.stringify(task.outcome)).toContain("The response stream could not be resumed (HTTP 400)");
  expect(proxy.count("tools/call")).toBe(before + 1);
});
