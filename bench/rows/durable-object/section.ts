import { BenchWorker } from "../../edge/worker-process.ts";
import { PageServer } from "../../pages/page-server.ts";
import type { Point, Row, Section } from "../../row.ts";
import { TASK_TOOL, timedUrl } from "../../servers/timed-server.ts";
import { median } from "../../statistics.ts";
import { MESSAGES, POLL_S, PRICES, priceOfHolding, priceOfMillion, TASK_S } from "./price.ts";

const TASKS = [1, 10, 100, 1_000] as const;
const ROUNDS = 2;
/** How long the tasks take, in ms; those of an object with a thousand end while the last are started. */
const TASK_MS = 6_000;
const POLL_MS = 1_000;
const STARTED_AT_ONCE = 20;
/** How often it is looked whether all have settled, in ms: seldom, since looking costs what is measured. */
const LOOK_MS = 1_000;
const PATIENCE_MS = 120_000;
/** A row for the call, one for its handle, one for the outcome. */
const CHANGES = 3;
const X = { name: "tasks in one object", unit: "count" } as const;

interface Sample {
  readonly counts: Readonly<Record<string, number>>;
  /** Of workerd, from the last start to the last end, in ms. */
  readonly cpuMs: number;
  /** And the wake-ups and polls in that time. */
  readonly wakeUps: number;
  readonly polls: number;
}

export const durableObject: Section = {
  id: "durable-object",
  title: "Tasks in one Durable Object, in workerd",
  async *run({ note }) {
    const server = await PageServer.start();
    const plan = {
      generation: "2026-07-28",
      pushes: false,
      least: TASK_MS,
      most: TASK_MS,
      pollMs: POLL_MS,
    } as const;
    const principals = TASKS.flatMap((tasks) =>
      Array.from({ length: ROUNDS }, (_, round) => principalOf(tasks, round)),
    );
    const worker = await BenchWorker.start(timedUrl(server.origin, plan), [...principals, "first"]);
    try {
      // The first call of a worker pays for compiling.
      await settled(worker, "first", 1);
      const samples = new Map<number, Sample[]>(TASKS.map((tasks) => [tasks, []]));
      for (let round = 0; round < ROUNDS; round++) {
        for (const tasks of TASKS) {
          note(`round ${round + 1}: ${tasks} tasks`);
          samples.get(tasks)?.push(await settled(worker, principalOf(tasks, round), tasks));
        }
      }
      yield* tables(samples);
    } finally {
      await worker.stop();
      await server.stop();
    }
  },
};

function principalOf(tasks: number, round: number): string {
  return `p-${tasks}-${round}`;
}

/** Starts so many tasks in one object, and waits until they have settled. */
async function settled(worker: BenchWorker, principal: string, tasks: number): Promise<Sample> {
  const before = await worker.counts();
  for (let first = 0; first < tasks; first += STARTED_AT_ONCE) {
    const count = Math.min(STARTED_AT_ONCE, tasks - first);
    await Promise.all(Array.from({ length: count }, () => worker.start(principal, TASK_TOOL)));
  }
  const started = await worker.counts();
  const cpuBefore = worker.cpuMs();
  const after = await whenSettled(worker, before, tasks);
  const names = ["wakeups", "upstream_requests", "polls", "rows_written", "rows_read"];
  return {
    counts: Object.fromEntries(names.map((name) => [name, since(before, after, name)])),
    cpuMs: worker.cpuMs() - cpuBefore,
    wakeUps: since(started, after, "wakeups"),
    polls: since(started, after, "polls"),
  };
}

async function whenSettled(
  worker: BenchWorker,
  before: Readonly<Record<string, number>>,
  tasks: number,
): Promise<Readonly<Record<string, number>>> {
  const limit = performance.now() + PATIENCE_MS;
  let last = "";
  while (performance.now() < limit) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const counts = await worker.counts();
    const now = JSON.stringify(counts);
    // What is reported need not come in its order.
    if (since(before, counts, "tasks_settled") === tasks && now === last) return counts;
    last = now;
  }
  throw new Error(`${tasks} tasks have not settled in ${PATIENCE_MS} ms`);
}

function since(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
  name: string,
): number {
  return (after[name] ?? 0) - (before[name] ?? 0);
}

function* tables(samples: ReadonlyMap<number, readonly Sample[]>): Iterable<Row> {
  const points = (of: (sample: Sample, tasks: number) => number): readonly Point[] =>
    [...samples].map(([tasks, taken]) => ({
      subject: "Holdfast",
      x: tasks,
      samples: taken.map((sample) => of(sample, tasks)),
    }));
  const each =
    (name: string) =>
    ({ counts }: Sample, tasks: number): number =>
      (counts[name] ?? 0) / tasks;
  const method = `Tasks of ${TASK_MS / 1_000} s, polled every ${POLL_MS / 1_000} s, in workerd; counted by the worker itself. No peer keeps tasks in a Durable Object.`;
  const alone = samples.get(1) ?? [];
  const many = samples.get(1_000) ?? [];
  const written = points(each("rows_written"));
  const rowsOf = (tasks: number): number => median(written.find(({ x }) => x === tasks)?.samples ?? []);
  const frame = { better: "less", x: X } as const;
  yield {
    ...frame,
    id: "object-rows-written",
    title: "Rows written, a task",
    unit: "rows",
    points: written,
    aim: {
      text: `at most one row written per change (${CHANGES} changes a task, ${rowsOf(1_000).toFixed(2)} rows of 1,000, alarms among them)`,
      met: rowsOf(1_000) <= CHANGES * 1.05,
    },
    notes: [
      method,
      "All tasks of an object share its alarms, a row for each that is set, and what it writes once: its tables and its session.",
    ],
  };
  yield {
    ...frame,
    id: "object-rows-read",
    title: "Rows read, a task",
    unit: "rows",
    points: points(each("rows_read")),
  };
  yield {
    ...frame,
    id: "object-requests",
    title: "Requests to the server, a task",
    unit: "requests",
    points: points(each("upstream_requests")),
    notes: ["The call and its polls; the handshake and the list of tools once an object."],
  };
  const wakeUps = (sample: Sample): number => sample.counts.wakeups ?? 0;
  yield {
    ...frame,
    id: "object-wake-ups",
    title: "Wake-ups of the object",
    unit: "count",
    points: points(wakeUps),
    aim: {
      text: "it wakes only for due polls (of one task alone, as many polls as wake-ups)",
      met: alone.every((sample) => wakeUps(sample) === sample.counts.polls),
    },
    notes: ["A wake-up goes on while something is due: with 1,000 tasks one is followed by the next."],
  };
  yield {
    ...frame,
    id: "object-cpu",
    title: "CPU of workerd for each poll, its share of the wake-up in it",
    unit: "ms",
    points: points(({ cpuMs, polls }) => cpuMs / Math.max(1, polls)),
    notes: [
      `From the last start to the last outcome: the outcome is in it. For each wake-up of an object with 1,000: ${Math.round(median(many.map(({ cpuMs, wakeUps: woken }) => cpuMs / Math.max(1, woken)))).toLocaleString("en")} ms.`,
    ],
  };
  yield {
    ...frame,
    id: "object-price",
    title: `A month with 1 million tasks of ${TASK_S / 60} minutes`,
    unit: "USD",
    points: [
      ...[...samples].map(([tasks, taken]) => ({
        subject: "Holdfast",
        x: tasks,
        samples: taken.map((sample) => {
          // What is shared by the tasks of an object is in the price of its wake-ups.
          const own = (sample.counts.rows_written ?? 0) - wakeUps(sample);
          return priceOfMillion(
            { rowsWritten: own / tasks, rowsRead: each("rows_read")(sample, tasks) },
            tasks,
          );
        }),
      })),
      ...TASKS.map((tasks) => ({
        subject: "a client that waits in an object's memory, and is lost with it",
        x: tasks,
        samples: [priceOfHolding(tasks)],
      })),
    ],
    notes: [
      `Worked out, not billed: from the rows measured here, polls every ${POLL_S} s answered in 100 ms, ${MESSAGES} messages a task, and Cloudflare's published prices of ${PRICES.date} beyond what the plan includes: requests to Workers $${PRICES.workerRequest * 1e6}, requests to objects and alarms $${PRICES.objectRequest * 1e6}, rows written $${PRICES.rowWritten * 1e6}, rows read $${PRICES.rowRead * 1e6} a million, GB-s $${PRICES.gbSecond * 1e6} a million.`,
    ],
  };
}
