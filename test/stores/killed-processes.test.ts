import { expect, test } from "vitest";
import { textOf } from "../../bench/browser-kills/task-ledger.ts";
import type { TaskRecord } from "../../src/engine/record.ts";
import { until } from "../browser/until.ts";
import { type Listening, listen } from "../edge/gateway/node-http.ts";
import { inEachDatabase } from "./each-database.ts";
import { hasKey, KeyedLedger } from "./keyed-ledger.ts";
import { LeasedFleet, READY_MS } from "./leased-fleet.ts";
import type { Report } from "./leased-process.ts";
import { openStore, type StorePlace } from "./open-store.ts";

/** Of each store and generation: 24 in the gate; `npm run test:leases` and `test:all` make it 50, 100 a store. */
const KILLS = Number(process.env.LEASE_KILLS ?? 4);
const PROCESSES = 3;
/** Long for a process that lives, on a machine that is busy, and short for a test. */
const LEASE_MS = 3_000;
const POLL_MS = 100;
const CALL_EVERY_MS = 60;
const CALLS_PER_KILL = 4;
/** The longest time from these calls to the kill, in ms: kills fall around calls, polls, elections and renewals. */
const LATEST_KILL_MS = 600;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What all stores must do. */
function kills(place: () => StorePlace): void {
  test.each(["2025-11-25", "2026-07-28"] as const)(
    `${KILLS} kills of one of three processes at random moments lose no task of a %s server and make no call twice`,
    { timeout: 240_000 + KILLS * 15_000 },
    async (generation) => {
      const keyed = new KeyedLedger(generation, () => 200 + Math.random() * 2_000);
      const { calls } = keyed.ledger;
      const server: Listening = await listen((request) => keyed.fetch(request));
      const name = `kills-${generation}`;
      const opened = await openStore(place(), name);
      const started = new Map<number, string>();
      const reports: Report[] = [];
      const fleet = new LeasedFleet(
        { place: place(), store: name, server: server.url, leaseMs: LEASE_MS, pollMs: POLL_MS },
        (report) => {
          reports.push(report);
          if (report.type === "started") started.set(report.n, report.id);
        },
      );
      try {
        await fleet.start(PROCESSES);
        let n = 0;
        let killing = true;
        const calling = (async () => {
          while (killing) {
            const { ready } = fleet;
            ready[n % Math.max(ready.length, 1)]?.order({ type: "start", n: n++ });
            await pause(CALL_EVERY_MS);
          }
        })();
        for (let kill = 0; kill < KILLS; kill++) {
          await until(
            "calls have been made since the last kill",
            () => started.size >= (kill + 1) * CALLS_PER_KILL || undefined,
            READY_MS,
          );
          await pause(Math.random() * LATEST_KILL_MS);
          const victim = await until(
            "a process is ready",
            () => {
              const { ready } = fleet;
              return ready[Math.floor(Math.random() * ready.length)];
            },
            READY_MS,
          );
          await fleet.replace(victim);
        }
        killing = false;
        await calling;
        const { store } = opened;
        const active = async (): Promise<readonly TaskRecord[]> =>
          (await store.loadActive()) as readonly TaskRecord[];
        await until(
          "every task has ended",
          async () => (await active()).length === 0 || undefined,
          90_000,
        ).catch(async (error: Error) => {
          const left = (await active()).map(({ id, stage, taskId }) => `${id} ${stage} ${taskId}`);
          throw new Error(`${error.message}\n${left.join("\n")}`);
        });
        const settled = new Map(
          ((await store.loadSettled()) as readonly TaskRecord[]).map((record) => [record.id, record]),
        );
        expect(started.size).toBeGreaterThanOrEqual(KILLS * CALLS_PER_KILL);
        let lost = 0;
        for (const [n, id] of started) {
          const outcome = settled.get(id)?.outcome;
          const effects = calls.get(n)?.length ?? 0;
          if (hasKey(n) || outcome?.kind === "completed")
            expect([id, outcome, effects]).toEqual([
              id,
              {
                kind: "completed",
                result: expect.objectContaining({ content: [{ type: "text", text: textOf(n) }] }),
              },
              1,
            ]);
          else {
            // Its process died before the reply, and nothing says which of the server's tasks it is, if any.
            expect([id, outcome?.kind]).toEqual([id, "lost"]);
            lost++;
          }
        }
        expect([...calls].filter(([, entries]) => entries.length > 1).map(([n]) => n)).toEqual([]);
        // Every process reads every result.
        const sample = [...started.values()].slice(-20);
        for (const process of fleet.ready) {
          for (const id of sample) {
            const { text } = await process.reply({ type: "await", id }, "ended");
            const outcome = settled.get(id)?.outcome;
            expect([id, text]).toEqual([
              id,
              outcome?.kind === "completed" ? textOf(numberOf(id)) : undefined,
            ]);
          }
        }
        const figures = { generation, kills: KILLS, calls: calls.size, started: started.size, lost };
        console.log(JSON.stringify({ store: place().kind, ...figures, problems: problemsIn(reports) }));
      } finally {
        await fleet.stop();
        await opened.close();
        await server.close();
      }
    },
  );
}

function numberOf(id: string): number {
  return Number(id.split("-")[1]);
}

function problemsIn(reports: readonly Report[]): readonly string[] {
  return [...new Set(reports.flatMap((report) => (report.type === "problem" ? [report.message] : [])))];
}

inEachDatabase("three processes with leases", kills);
