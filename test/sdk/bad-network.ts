import { expect } from "vitest";
import { timerHost } from "../../src/hosts/timer-host.ts";
import { type Connector, type Task, TaskClient } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { Random } from "../simulation/random.ts";
import { type Disturbance, type DisturbancePlan, DisturbingProxy, type Passage } from "./disturbing-proxy.ts";
import { startEverythingServer } from "./everything-server.ts";
import { until } from "./until.ts";

/** How many tasks run at once. */
const WAVE = 50;
/** The server lists 10 tasks a page, also settled ones, and a search for a lost call reads 64 pages. */
const TASKS_A_SERVER = 500;
/** One request in so many meets a disturbance. */
const ONE_IN = 4;
/** A busy machine needs seconds for 50 calls at once. */
const REQUEST_TIMEOUT_MS = 15_000;
const TOOL = "simulate-research-query";

/** A request that does nothing, or that may be sent again. */
const ANY: readonly [Disturbance, ...Disturbance[]] = [
  "connection reset on arrival",
  "gateway page",
  "retry later",
  "late request",
  "reply lost",
  "gateway page for a reply",
  "reset in the headers",
  "reset in the body",
  "truncated",
  "stalled",
  "slow bytes",
  "duplicated events",
  "overtaken reply",
  "swapped replies",
];
/** A call whose reply still comes: all other disturbances hide from every client whether the tool ran. */
const CALL: readonly [Disturbance, ...Disturbance[]] = [
  "retry later",
  "late request",
  "slow bytes",
  "duplicated events",
  "overtaken reply",
];

function planOf(random: Random): DisturbancePlan {
  return ({ method, http }: Passage) => {
    if (!random.chance(1 / ONE_IN)) return undefined;
    return random.pick(method === "tools/call" && http === "POST" ? CALL : ANY);
  };
}

interface BadNetworkReport {
  /** The texts of tasks that did not end with their own result. */
  readonly wrong: readonly string[];
  /** The topic of each call that reached a server. */
  readonly ran: readonly string[];
  /** Warnings of Node, such as those of listeners that leak. */
  readonly warnings: readonly string[];
  readonly disturbances: ReadonlyMap<Disturbance, number>;
}

/**
 * Runs tasks of server-everything over a network that cuts, stalls, duplicates and reorders.
 * @param seed Chooses the disturbances.
 */
async function overBadNetwork(
  connect: (url: string) => Connector,
  tasks: number,
  seed: string,
): Promise<BadNetworkReport> {
  const random = new Random(seed);
  const report = { wrong: [] as string[], ran: [] as string[], warnings: [] as string[] };
  const disturbances = new Map<Disturbance, number>();
  const warned = (warning: Error): void => void report.warnings.push(`${warning.name}: ${warning.message}`);
  process.on("warning", warned);
  try {
    for (let first = 0; first < tasks; first += TASKS_A_SERVER) {
      const round = await oneServer(connect, random, first, Math.min(TASKS_A_SERVER, tasks - first));
      report.wrong.push(...round.wrong);
      report.ran.push(...round.ran);
      for (const [disturbance, count] of round.disturbances)
        disturbances.set(disturbance, (disturbances.get(disturbance) ?? 0) + count);
    }
  } finally {
    process.off("warning", warned);
  }
  const counts = [...disturbances].map(([disturbance, count]) => `${disturbance} ${count}`).sort();
  console.log(`seed ${seed}: ${tasks} tasks; disturbances: ${counts.join(", ")}`);
  return { ...report, disturbances };
}

/** Fails unless each task has its own result, and each tool ran once. */
export async function expectNothingLost(
  connect: (url: string) => Connector,
  tasks: number,
  seed: string,
): Promise<void> {
  const { wrong, ran, warnings } = await overBadNetwork(connect, tasks, seed);
  expect(wrong).toEqual([]);
  expect(new Set(ran).size).toBe(tasks);
  expect(ran).toHaveLength(tasks);
  expect(warnings).toEqual([]);
}

async function oneServer(
  connect: (url: string) => Connector,
  random: Random,
  first: number,
  count: number,
): Promise<Pick<BadNetworkReport, "wrong" | "ran" | "disturbances">> {
  const everything = await startEverythingServer();
  const proxy = await DisturbingProxy.before(
    everything.url,
    planOf(random.fork("plan")),
    random.fork("bytes"),
  );
  const client = new TaskClient({
    store: memoryStore(),
    endpoints: { server: connect(proxy.url) },
    host: timerHost(),
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
  });
  const wrong: string[] = [];
  try {
    for (let wave = first; wave < first + count; wave += WAVE) {
      const size = Math.min(WAVE, first + count - wave);
      const running = Array.from({ length: size }, async (_, index) => {
        const topic = `topic ${wave + index}`;
        const said = await saidOf(await client.start("server", TOOL, { topic }));
        if (!said.includes(`**Topic**: ${topic}\n`)) wrong.push(`${topic}: ${said.slice(0, 300)}`);
      });
      await Promise.all(running);
    }
    await client.close();
    await until("the end of all requests", () => {
      proxy.closeIdle();
      return proxy.sockets.size === 0;
    });
  } finally {
    await client.close();
    proxy.close();
    await everything.stop();
  }
  const calls = proxy.arrived.get("tools/call") ?? [];
  const ran = calls.map((body) => /"topic":"([^"]*)"/.exec(body)?.[1] ?? "");
  return { wrong, ran, disturbances: proxy.disturbances };
}

async function saidOf(task: Task): Promise<string> {
  try {
    const { content } = await task.result();
    const [part] = content as readonly { readonly text?: string }[];
    return part?.text ?? "";
  } catch (error) {
    return String(error);
  }
}
