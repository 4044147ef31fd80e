import type { Generation } from "holdfast";
import type { Kept, Peer } from "../../peers/peer.ts";
import { type Manner, PlainServer, TOOL } from "../../servers/plain-server.ts";
import { MeteredLine } from "../../virtual/metered-line.ts";
import { VirtualTime } from "../../virtual/virtual-time.ts";

const URL = "http://server.example/mcp";
/** The server suggests this between polls, whatever its task: a common value, and no client's own default. */
export const POLL_MS = 2_000;

export interface Scenario {
  readonly generation: Generation;
  readonly manner: Manner;
  readonly taskMs: number;
}

export interface WireCost {
  readonly requests: number;
  readonly bytes: number;
  readonly sent: readonly string[];
}

export interface TaskCost extends WireCost {
  /** From the task's end at the server to its result in the app, in virtual ms. */
  readonly lateMs: number;
}

/** What one task costs on the wire, from a fresh page that connects to the result in the app. `undefined`: it came to none. */
export async function wireCost(peer: Peer, scenario: Scenario): Promise<TaskCost | undefined> {
  const time = new VirtualTime();
  const server = new PlainServer({ ...scenario, pollMs: POLL_MS }, time);
  const line = new MeteredLine(server, time);
  return time.during(async () => {
    const page = await peer.open({ url: URL, generation: scenario.generation, fetch: line.fetch });
    const text = await page.call(TOOL).catch(() => undefined);
    const lateMs = time.now() - server.startedAt - scenario.taskMs;
    const cost = { ...costOf(line), lateMs };
    await page.close();
    return text ? cost : undefined;
  });
}

/**
 * What it costs a page to resume a task that another page left, until it knows the status of the task and before a second
 * poll is due. `undefined`: the peer cannot resume.
 */
export async function resumeCost(
  peer: Peer,
  generation: Generation,
  status: "working" | "ended",
): Promise<WireCost | undefined> {
  const { reopen } = peer;
  if (!reopen) return undefined;
  const time = new VirtualTime();
  const plan = { generation, manner: "polling", taskMs: 60_000, pollMs: POLL_MS } as const;
  const server = new PlainServer(plan, time);
  return time.during(async () => {
    const kept = await leave(peer, server, time, generation);
    if (status === "ended") await time.wait(plan.taskMs);
    const line = new MeteredLine(server, time);
    const later = await reopen({ url: URL, generation, fetch: line.fetch }, kept);
    const result = later.result();
    result.catch(() => undefined);
    await time.wait(POLL_MS * 0.75);
    const cost = costOf(line);
    await later.close();
    return cost;
  });
}

async function leave(
  peer: Peer,
  server: PlainServer,
  time: VirtualTime,
  generation: Generation,
): Promise<Kept> {
  const page = await peer.open({ url: URL, generation, fetch: new MeteredLine(server, time).fetch });
  const kept = await page.leave(TOOL);
  await time.wait(POLL_MS / 2);
  await page.close();
  return kept;
}

function costOf({ requests, bytes, sent }: MeteredLine): WireCost {
  return { requests, bytes, sent: [...sent] };
}
