import type { Generation } from "holdfast";
import { TaskClient } from "holdfast";
import { indexedDbStore } from "holdfast/indexeddb";
import { extTasks } from "../../peers/ext-tasks.ts";
import { connectorTo } from "../../peers/holdfast.ts";
import { type Address, type OpenPeer, textOf } from "../../peers/peer.ts";
import { v1Client } from "../../peers/v1-client.ts";
import { TASK_TOOL } from "../../servers/timed-server.ts";

/** What runs in the page: this module is bundled, and its exports are the global `delay`. */
export type Subject = "holdfast" | "ext-tasks" | "v1";

export interface DelayRun {
  readonly subject: Subject;
  readonly url: string;
  readonly generation: Generation;
  readonly push: boolean;
  readonly tasks: number;
}

export interface Delays {
  /** From the task's end at the server to its result in the app, in ms. */
  readonly delays: readonly number[];
  /** Of a request of the same size to the same server, taken while the tasks ran, in ms. */
  readonly roundTrips: readonly number[];
}

type Caller = Pick<OpenPeer, "call" | "close">;

const PINGS = 40;

export async function measure(run: DelayRun): Promise<Delays> {
  const address: Address = {
    url: run.url,
    generation: run.generation,
    fetch: (url, init) => globalThis.fetch(url, init),
  };
  const { offset, roundTrips } = await compareClocks();
  const peer = await open(run, address);
  const delays = await Promise.all(
    Array.from({ length: run.tasks }, async () => {
      const endedAt = Number(await peer.call(TASK_TOOL));
      return pageNow() + offset - endedAt;
    }),
  );
  await peer.close();
  return { delays, roundTrips };
}

function open({ subject, push }: DelayRun, address: Address): Promise<Caller> | Caller {
  switch (subject) {
    case "holdfast":
      return openHoldfast(address, push);
    case "ext-tasks":
      return extTasks.open(address);
    case "v1":
      return v1Client.open(address);
  }
}

/** As a page has it: every change is written to IndexedDB before the app is notified. */
function openHoldfast(address: Address, push: boolean): Caller {
  const store = indexedDbStore(crypto.randomUUID());
  const client = new TaskClient({ store, push, endpoints: { server: connectorTo(address) } });
  return {
    call: async (tool) => textOf(await (await client.callTool("server", tool)).result()),
    close: () => client.close(),
  };
}

function pageNow(): number {
  return performance.timeOrigin + performance.now();
}

/** How far the server's clock is ahead of the page's, by the quickest of the round trips. */
async function compareClocks(): Promise<{ offset: number; roundTrips: readonly number[] }> {
  const seen: { trip: number; offset: number }[] = [];
  for (let ping = 0; ping < PINGS; ping++) {
    const sent = pageNow();
    const theirs = Number(await (await fetch("/now", { method: "POST", body: "{}" })).text());
    const received = pageNow();
    seen.push({ trip: received - sent, offset: theirs - (sent + received) / 2 });
  }
  seen.sort((a, b) => a.trip - b.trip);
  return { offset: seen[0]?.offset ?? 0, roundTrips: seen.map(({ trip }) => trip) };
}
