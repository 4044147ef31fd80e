import { expect, test } from "vitest";
import { textOf } from "../../bench/browser-kills/task-ledger.ts";
import type { TaskRecord } from "../../src/engine/record.ts";
import { until } from "../browser/until.ts";
import { listen } from "../edge/gateway/node-http.ts";
import { inEachDatabase } from "./each-database.ts";
import { KeyedLedger } from "./keyed-ledger.ts";
import { LeasedFleet } from "./leased-fleet.ts";
import { openStore, type StorePlace } from "./open-store.ts";

/** Long for a process that lives, on a machine that is busy. */
const LEASE_MS = 5_000;
const POLL_MS = 50;

function pauses(place: () => StorePlace): void {
  test("a leader that is stopped (SIGSTOP) past its lease writes nothing when it continues (SIGCONT), and follows", async () => {
    const keyed = new KeyedLedger("2026-07-28", () => 1_000);
    let held: { readonly process: string; readonly release: () => void }[] = [];
    let holds = true;
    /** Keeps each reply to a poll back until it is released. */
    const server = await listen(async (request) => {
      const isPoll = request.method === "POST" && (await request.clone().text()).includes('"tasks/get"');
      if (isPoll && holds) {
        const process = request.headers.get("x-process") ?? "";
        await new Promise<void>((release) => held.push({ process, release }));
      }
      return keyed.fetch(request);
    });
    const opened = await openStore(place(), "pauses");
    const setting = {
      place: place(),
      store: "pauses",
      server: server.url,
      leaseMs: LEASE_MS,
      pollMs: POLL_MS,
    };
    const fleet = new LeasedFleet(setting);
    try {
      const processes = await fleet.start(2);
      const { id } = (await processes[0]?.reply({ type: "start", n: 0 }, "started")) ?? { id: "" };
      const [first] = await until("the leader polls", () => (held.length > 0 ? held : undefined));
      const leader = processes.find(({ name }) => name === first?.process);
      const other = processes.find((process) => process !== leader);
      leader?.pause();
      await until(
        "another process polls",
        () => held.some(({ process }) => process === other?.name) || undefined,
        60_000,
      );
      const before = (await opened.store.load(id)) as TaskRecord;
      await until(
        "the task has ended at the server",
        () => Date.now() >= Number(before.taskId?.split(".")[2]) || undefined,
      );
      // The leader has the end of the task, and nobody has written since it was replaced: a late write would follow on the rev.
      for (const { process, release } of held) if (process === leader?.name) release();
      held = held.filter(({ process }) => process !== leader?.name);
      leader?.continue();
      // Its answer shows that it has handled what came before.
      await leader?.reply({ type: "start", n: 2 }, "started");
      await leader?.reply({ type: "start", n: 4 }, "started");
      expect(await opened.store.load(id)).toEqual(before);
      const polled = keyed.polls.filter(({ process }) => process === leader?.name).length;
      holds = false;
      for (const { release } of held) release();
      const { text } = (await leader?.reply({ type: "await", id }, "ended")) ?? {};
      expect(text).toBe(textOf(0));
      const { text: second } = (await leader?.reply({ type: "await", id: "task-2" }, "ended")) ?? {};
      expect(second).toBe(textOf(2));
      expect(keyed.polls.filter(({ process }) => process === leader?.name)).toHaveLength(polled);
      expect(keyed.ledger.calls.get(0)).toHaveLength(1);
    } finally {
      holds = false;
      for (const { release } of held) release();
      await fleet.stop();
      await opened.close();
      await server.close();
    }
  }, 240_000);
}

inEachDatabase("two processes with leases", pauses);
