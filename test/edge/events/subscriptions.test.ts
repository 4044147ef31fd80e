import { createMCPClient, type MCPClient } from "@ai-sdk/mcp";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { until } from "../../browser/until.ts";
import { type ServerProcess, startWorker } from "../../servers/processes.ts";
import { BEARER, TESTER } from "../../servers/test-token.ts";
import { EventReceiver } from "./event-receiver.ts";

const COMPLETED = "task.completed";

let worker: ServerProcess;
let receiver: EventReceiver;
const clients: MCPClient[] = [];

beforeAll(async () => {
  const vars = { DEMO: "true", WEBHOOK_PRIVATE: "true", TOKENS: JSON.stringify([TESTER]) };
  worker = await startWorker({ vars });
}, 60_000);

beforeEach(async () => {
  receiver = await EventReceiver.start();
});

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await receiver.close();
});

afterAll(() => worker.kill());

interface Connection {
  readonly path?: string;
  /** Whether it speaks 2026-07-28, or opens a session by `initialize`. */
  readonly discovers?: boolean;
  readonly by?: EventReceiver;
}

async function connected(connection: Connection = {}): Promise<MCPClient> {
  const { path = "/mcp/sample-2026", discovers = true, by = receiver } = connection;
  const client = await createMCPClient({
    transport: { type: "http", url: `${worker.url}${path}`, headers: BEARER },
    protocolVersionDiscovery: discovers,
    experimental_events: { store: by.store },
  });
  clients.push(client);
  return client;
}

function delivery({ url }: EventReceiver) {
  return { mode: "webhook", url, allowInsecureLocalhost: true } as const;
}

async function acquire(endpoint = "sample-2026"): Promise<string> {
  const reply = await fetch(`${worker.url}/v1/endpoints/${endpoint}/calls`, {
    method: "POST",
    headers: { ...BEARER, "content-type": "application/json" },
    body: JSON.stringify({ tool: "acquire_paper", arguments: { doi: "10.1/kelp", stage_ms: 50 } }),
  });
  return ((await reply.json()) as { id: string }).id;
}

async function received(by: EventReceiver, count = 1): Promise<void> {
  await until(`${count} events`, () => by.tasks(COMPLETED).size >= count || undefined);
}

test.each([true, false])(
  "the AI SDK's client subscribes, whether it discovers the server (%s) or initializes a session",
  async (discovers) => {
    const client = await connected({ discovers });
    await client.experimental_events.subscribe({ name: COMPLETED, delivery: delivery(receiver) });
    const task = await acquire();
    await received(receiver);
    expect(receiver.tasks(COMPLETED)).toEqual(new Set([task]));
  },
);

test("a subscription at /mcp has the events of all servers, and at /mcp/<endpoint> of one", async () => {
  const byOne = await EventReceiver.start();
  try {
    const all = await connected({ path: "/mcp" });
    await all.experimental_events.subscribe({ name: COMPLETED, delivery: delivery(receiver) });
    const one = await connected({ path: "/mcp/sample-2025", by: byOne });
    await one.experimental_events.subscribe({ name: COMPLETED, delivery: delivery(byOne) });
    const tasks = [await acquire("sample-2025"), await acquire("sample-2026")];
    await received(receiver, 2);
    await received(byOne);
    expect(receiver.tasks(COMPLETED)).toEqual(new Set(tasks));
    expect(byOne.tasks(COMPLETED)).toEqual(new Set([tasks[0]]));
  } finally {
    await byOne.close();
  }
});

test("a subscription that is not refreshed ends, and one that is refreshed goes on", async () => {
  const client = await connected();
  const { experimental_events: events } = client;
  const lapsing = await events.subscribe({ name: COMPLETED, delivery: delivery(receiver), ttlMs: 1 });
  const refreshed = await events.subscribe({
    name: COMPLETED,
    arguments: { tool: "acquire_paper" },
    delivery: delivery(receiver),
    ttlMs: 1,
  });
  const end = Date.parse(lapsing.refreshBefore ?? "");
  const half = (Date.now() + end) / 2;
  await until("half of the lifetime is over", () => Date.now() > half || undefined);
  const renewed = await events.refresh({ id: refreshed.id });
  expect(renewed.id).toBe(refreshed.id);
  await until("the shorter lifetime is over", () => Date.now() > end || undefined);
  await acquire();
  await received(receiver);
  expect(receiver.events.map(({ subscription }) => subscription.id)).toEqual([refreshed.id]);
});

test("the AI SDK refuses a wrong signature and a replay, and counts a repeated event as one", async () => {
  const client = await connected();
  const { id } = await client.experimental_events.subscribe({
    name: COMPLETED,
    delivery: delivery(receiver),
  });
  await acquire();
  await received(receiver);
  const { url } = (await receiver.store.getById(id))?.delivery ?? { url: "" };
  const sent = receiver.deliveries.find(({ body }) => body.includes("eventId"));
  if (!sent) throw new Error("No delivery");

  const forged = new Headers(sent.headers);
  forged.set("webhook-signature", `v1,${btoa("x".repeat(32))}`);
  expect((await receiver.verify(url, { headers: forged, body: sent.body })).status).toBe(401);
  expect(
    (await receiver.verify(url, { ...sent, body: sent.body.replace("completed", "failed") })).status,
  ).toBe(401);
  expect((await receiver.verify(url, sent)).status).toBe(204);
  expect(receiver.tasks(COMPLETED).size).toBe(1);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 301_000 });
  expect((await receiver.verify(url, sent)).status).toBe(401);
});

test("a callback that fails the challenge is not subscribed, and receives nothing", async () => {
  const client = await connected();
  receiver.answer = () => Response.json({ challenge: "not the one that was sent" });
  await expect(
    client.experimental_events.subscribe({ name: COMPLETED, delivery: delivery(receiver) }),
  ).rejects.toThrow("challenge");
  receiver.answer = undefined;
  const other = await EventReceiver.start();
  try {
    const subscriber = await connected({ by: other });
    await subscriber.experimental_events.subscribe({ name: COMPLETED, delivery: delivery(other) });
    await acquire();
    await received(other);
    expect(receiver.deliveries).toHaveLength(1);
    expect(receiver.events).toEqual([]);
  } finally {
    await other.close();
  }
});

test("who unsubscribes receives nothing more", async () => {
  const client = await connected();
  const { experimental_events: events } = client;
  const first = await events.subscribe({ name: COMPLETED, delivery: delivery(receiver) });
  const second = await events.subscribe({
    name: COMPLETED,
    arguments: { tool: "acquire_paper" },
    delivery: delivery(receiver),
  });
  await events.unsubscribe({ id: first.id });
  await acquire();
  await received(receiver);
  expect(receiver.events.map(({ subscription }) => subscription.id)).toEqual([second.id]);
  expect(receiver.deliveries.filter(({ status }) => status >= 400)).toEqual([]);
});
