import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMCPClient, type MCPClient } from "@ai-sdk/mcp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../browser/until.ts";
import { freePort, type ServerProcess, startWorker } from "../../servers/processes.ts";
import { BEARER, TESTER } from "../../servers/test-token.ts";
import { EventReceiver } from "./event-receiver.ts";

const TASKS = 100;
const KILLS = 5;

let state: string;
let receiver: EventReceiver;
let worker: ServerProcess;
let start: () => Promise<ServerProcess>;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "holdfast-events-"));
  receiver = await EventReceiver.start();
  const port = await freePort();
  const vars = { DEMO: "true", WEBHOOK_PRIVATE: "true", TOKENS: JSON.stringify([TESTER]) };
  start = () => startWorker({ port, persistTo: state, vars });
  worker = await start();
}, 60_000);

afterAll(async () => {
  await Promise.all([worker.kill(), receiver.close()]);
  await rm(state, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

function connected(): Promise<MCPClient> {
  return createMCPClient({
    transport: { type: "http", url: `${worker.url}/mcp/sample-2026`, headers: BEARER },
    experimental_events: { store: receiver.store },
  });
}

async function call(doi: string, stageMs: number): Promise<string> {
  const reply = await fetch(`${worker.url}/v1/endpoints/sample-2026/calls`, {
    method: "POST",
    headers: { ...BEARER, "content-type": "application/json" },
    body: JSON.stringify({ tool: "acquire_paper", arguments: { doi, stage_ms: stageMs } }),
  });
  if (!reply.ok) throw new Error(`The call was answered ${reply.status}: ${await reply.text()}`);
  return ((await reply.json()) as { id: string }).id;
}

test("the AI SDK's client receives one event of each of 100 tasks, though the worker is killed five times meanwhile", {
  timeout: 400_000,
}, async () => {
  const client = await connected();
  const listed = await client.experimental_events.list();
  expect(listed.events.map(({ name }) => name)).toEqual([
    "task.completed",
    "task.failed",
    "task.cancelled",
    "task.input_required",
  ]);
  const delivery = { mode: "webhook", url: receiver.url, allowInsecureLocalhost: true } as const;
  const { id } = await client.experimental_events.subscribe({ name: "task.completed", delivery });

  // They end over half a minute: some while the worker lives, some while it is dead.
  const tasks = await Promise.all(Array.from({ length: TASKS }, (_, n) => call(`10.1/${n}`, 1_500 + n * 60)));
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const enough = Math.floor((TASKS * kill) / (KILLS + 1));
    await until(
      `${enough} events`,
      () => receiver.tasks("task.completed").size >= enough || undefined,
      90_000,
    );
    await worker.kill();
    worker = await start();
  }
  await until(
    "an event of each",
    () => receiver.tasks("task.completed").size === TASKS || undefined,
    120_000,
  );

  expect(receiver.tasks("task.completed")).toEqual(new Set(tasks));
  expect(new Set(receiver.events.map(({ event }) => event.eventId)).size).toBe(TASKS);
  expect(new Set(receiver.events.map(({ subscription }) => subscription.id))).toEqual(new Set([id]));
  // The AI SDK has verified each signature.
  expect(receiver.deliveries.filter(({ status }) => status === 401)).toEqual([]);
  await client.close();
});
