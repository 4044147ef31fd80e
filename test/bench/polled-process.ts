/**
 * Polls tasks over a transport that costs nothing, by a clock that is moved, and prints how many bytes each poll allocates. Run it
 * with --expose-gc and room for all of it, so that nothing is collected meanwhile: the figure is then nearly the same each time.
 */
import { fromTransport } from "../../src/channel/transport-connector.ts";
import type { Clock } from "../../src/clock.ts";
import { timerHost } from "../../src/hosts/timer-host.ts";
import { TaskClient } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";

const TASKS = 200;
const POLL_MS = 1_000;
const ROUNDS = 5;
const POLLS = 4_000;

type Params = { readonly taskId?: string };
type Timer = { readonly at: number; readonly callback: () => void };

const generation = process.argv[2] as "2025-11-25" | "2026-07-28";
const modern = generation === "2026-07-28";
const timers = new Set<Timer>();
let now = Date.UTC(2026, 6, 28);
const clock: Clock = {
  now: () => now,
  elapsed: () => now,
  after(ms, callback) {
    const timer = { at: now + ms, callback };
    timers.add(timer);
    return () => timers.delete(timer);
  },
};

/** One reply for each task, made once: what is allocated is the client's. */
const replies = new Map<string, { jsonrpc: "2.0"; id: number; result: object }>();
const asked: { readonly id: number; readonly taskId: string }[] = [];
let receive: (message: unknown) => void = () => undefined;
let started = 0;
let polls = 0;

function taskOf(taskId: string): object {
  const at = new Date(0).toISOString();
  const common = { taskId, status: "working", statusMessage: "Reading", createdAt: at, lastUpdatedAt: at };
  return modern
    ? { ...common, ttlMs: 3_600_000, pollIntervalMs: POLL_MS }
    : { ...common, ttl: 3_600_000, pollInterval: POLL_MS };
}

function resultOf(method: string): object | undefined {
  switch (method) {
    case "initialize":
      return {
        protocolVersion: "2025-11-25",
        capabilities: { tools: {}, tasks: { requests: { tools: { call: {} } } } },
        serverInfo: { name: "silent", version: "1.0.0" },
      };
    case "server/discover":
      return {
        resultType: "complete",
        supportedVersions: ["2026-07-28"],
        capabilities: { tools: {}, extensions: { "io.modelcontextprotocol/tasks": {} } },
      };
    case "tools/list":
      return {
        tools: [{ name: "read", inputSchema: { type: "object" }, execution: { taskSupport: "required" } }],
      };
    case "tools/call": {
      const task = taskOf(`task-${++started}`);
      return modern ? { ...task, resultType: "task" } : { task };
    }
    default:
      return undefined;
  }
}

const SENT = Promise.resolve();
const transport = {
  start: async () => undefined,
  close: async () => undefined,
  set onmessage(listener: (message: unknown) => void) {
    receive = listener;
  },
  send({ id, method, params }: { readonly id?: number; readonly method: string; readonly params?: Params }) {
    if (id === undefined) return SENT;
    if (method === "tasks/get") {
      polls++;
      asked.push({ id, taskId: params?.taskId ?? "" });
      return SENT;
    }
    const result = resultOf(method);
    const error = { code: -32_601, message: "Method not found" };
    queueMicrotask(() => receive({ jsonrpc: "2.0", id, ...(result ? { result } : { error }) }));
    return SENT;
  },
};

const client = new TaskClient({
  store: memoryStore(),
  endpoints: { silent: fromTransport(() => transport, { clock, era: generation }) },
  host: { ...timerHost(), clock },
  push: false,
});
await Promise.all(Array.from({ length: TASKS }, () => client.callTool("silent", "read")));
const figures: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  const before = process.memoryUsage().heapUsed;
  polls = 0;
  while (polls < POLLS) await advance();
  figures.push((process.memoryUsage().heapUsed - before) / polls);
}
// The first rounds are of code that is not compiled yet.
console.log(Math.round(Math.min(...figures)));
process.exit(0);

async function advance(): Promise<void> {
  now = Math.max(now, Math.min(...[...timers].map(({ at }) => at)));
  for (const timer of [...timers]) if (timer.at <= now && timers.delete(timer)) timer.callback();
  do {
    for (const { id, taskId } of asked.splice(0)) {
      const reply = replies.get(taskId) ?? {
        jsonrpc: "2.0",
        id,
        result: { resultType: "complete", ...taskOf(taskId) },
      };
      reply.id = id;
      replies.set(taskId, reply);
      receive(reply);
    }
    await new Promise((resolve) => setImmediate(resolve));
  } while (asked.length > 0);
}
