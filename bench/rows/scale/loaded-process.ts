import { monitorEventLoopDelay, PerformanceObserver } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import { bareLoop } from "../../peers/bare-loop.ts";
import { DirectTransport } from "../../peers/direct-transport.ts";
import { extTasks } from "../../peers/ext-tasks.ts";
import { holdfastOn, OWN_HTTP, overHttp } from "../../peers/holdfast.ts";
import type { Address, OpenPeer } from "../../peers/peer.ts";
import { v1Client } from "../../peers/v1-client.ts";
import { machineClock } from "../../servers/clock.ts";
import { PlainServer, QUICK_TOOL, TOOL } from "../../servers/plain-server.ts";
import type { Load, LoadFigures } from "./load.ts";
import { sqliteStore } from "./sqlite-store.ts";

const PEERS = [
  holdfastOn(sqliteStore),
  holdfastOn(sqliteStore, OWN_HTTP, overHttp),
  extTasks,
  v1Client,
  bareLoop,
];
/** Calls made at once while the tasks are started. */
const BATCH = 50;
/** Tasks that come and go before anything is measured, so that what they run is compiled. */
const WARM_UP = 300;
/** Until what runs is compiled, in ms. */
const SETTLING_MS = 1_000;
const FLOOR_POLLS = 10_000;

const load = JSON.parse(process.argv[2] ?? "") as Load;
const server = new PlainServer(load, machineClock);
const direct = new DirectTransport(server);
const address: Address = {
  url: "http://server.example/mcp",
  generation: load.generation,
  fetch(url, init = {}) {
    const { signal: _lives, ...unsignalled } = init;
    return server.fetch(new Request(url, unsignalled));
  },
  ...(load.line === "direct" && { transport: direct }),
};

const peer = PEERS.find(({ name }) => name === load.peer);
if (!peer) throw new Error(`No peer ${load.peer}`);
const page = await peer.open(address);
for (let count = 0; count < WARM_UP; count += BATCH) {
  await Promise.all(Array.from({ length: BATCH }, () => page.call(QUICK_TOOL)));
}
let collections = 0;
new PerformanceObserver((list) => {
  collections += list.getEntries().length;
}).observe({ entryTypes: ["gc"] });
const { usPerPoll: floorUsPerPoll, bytesPerPoll: floorBytesPerPoll } = await floor();
const before = collectedHeap();
await startAll(page);
// The first poll of each is past; some clients poll at once.
await wait(load.manner === "pushing" ? SETTLING_MS : Math.max(load.pollMs, SETTLING_MS));
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
server.polls = 0;
server.pushes = 0;
const allocated = await allocationWatch();
const cpu = process.cpuUsage();
await wait(load.watchMs);
const { user, system } = process.cpuUsage(cpu);
delay.disable();
const bytes = await allocated();
const figures: LoadFigures = {
  bytesPerPoll: bytes === null ? null : bytes / server.polls,
  floorBytesPerPoll,
  polls: server.polls,
  pushes: server.pushes,
  cpuMs: (user + system) / 1_000,
  floorUsPerPoll,
  delayP99Ms: delay.percentile(99) / 1e6,
  delayMaxMs: delay.max / 1e6,
  heapPerTask: (collectedHeap() - before) / load.tasks,
};
process.stdout.write(JSON.stringify(figures));
process.exit(0);

async function startAll(opened: OpenPeer): Promise<void> {
  const text = "x".repeat(load.argumentLength);
  for (let started = 0; started < load.tasks; started += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, load.tasks - started) }, (_, index) =>
      // Each its own, as the arguments of two calls are.
      opened.start(TOOL, { doi: `${started + index}/${text}` }),
    );
    await Promise.all(batch);
  }
}

/** Returns what says how much was allocated since, in bytes, or null where something was collected. */
async function allocationWatch(): Promise<() => Promise<number | null>> {
  // Collections are reported a turn later.
  await wait(0);
  const earlier = collections;
  const { heapUsed } = process.memoryUsage();
  return async () => {
    const bytes = process.memoryUsage().heapUsed - heapUsed;
    await wait(0);
    return collections === earlier ? bytes : null;
  };
}

/** What a poll costs without any client, in µs of CPU and in bytes: the server, the line, and JSON. */
async function floor(): Promise<{ readonly usPerPoll: number; readonly bytesPerPoll: number | null }> {
  const taskId = `1-${Date.now()}-${load.taskMs}`;
  const ask = load.line === "direct" ? askDirectly : askByHttp;
  collectedHeap();
  const allocated = await allocationWatch();
  const start = process.cpuUsage();
  for (let id = 0; id < FLOOR_POLLS; id++) {
    const reply = await ask({ jsonrpc: "2.0", id, method: "tasks/get", params: { taskId } });
    if (reply.id !== id) throw new Error("Another reply came");
  }
  const { user, system } = process.cpuUsage(start);
  const bytes = await allocated();
  return {
    usPerPoll: (user + system) / FLOOR_POLLS,
    bytesPerPoll: bytes === null ? null : bytes / FLOOR_POLLS,
  };
}

type Reply = { readonly id?: unknown };

async function askByHttp(message: object): Promise<Reply> {
  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  const init = { method: "POST", headers, body: JSON.stringify(message) };
  return (await (await address.fetch(address.url, init)).json()) as Reply;
}

function askDirectly(message: object): Promise<Reply> {
  const line = new DirectTransport(server);
  return new Promise((resolve) => {
    line.onmessage = (reply) => resolve(reply as Reply);
    void line.send(message);
  });
}

function collectedHeap(): number {
  const { gc } = globalThis as { gc?: () => void };
  if (!gc) throw new Error("Run with --expose-gc");
  gc();
  gc();
  return process.memoryUsage().heapUsed;
}
