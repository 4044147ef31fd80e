import type { Generation } from "holdfast";
import { type BenchBrowser, benchBrowser } from "../../pages/bench-browser.ts";
import { pageScript } from "../../pages/page-script.ts";
import type { Point, Row, Section } from "../../row.ts";
import { timedUrl } from "../../servers/timed-server.ts";
import { median, quantile } from "../../statistics.ts";
import type { DelayRun, Delays, Subject } from "./delay-page.ts";

const ROUNDS = 3;
const TASKS = 50;
const POLL_MS = 500;
/** The tasks of a page end at random between these, in ms: so that they seldom end together. */
const LEAST_MS = 500;
const MOST_MS = 2_000;
/** What the aim allows beyond a round trip, in ms. */
const BEYOND_MS = 5;

interface Measured {
  readonly name: string;
  readonly subject: Subject;
  readonly generation: Generation;
  readonly push: boolean;
  readonly rounds: Delays[];
}

const SUBJECTS: readonly (readonly [name: string, Subject, Generation, push: boolean])[] = [
  ["Holdfast, pushed (2026-07-28)", "holdfast", "2026-07-28", true],
  ["Holdfast, pushed (2025-11-25)", "holdfast", "2025-11-25", true],
  ["Holdfast, polling (2026-07-28)", "holdfast", "2026-07-28", false],
  ["Holdfast, polling (2025-11-25)", "holdfast", "2025-11-25", false],
  ["ext-tasks + v2 Client (2026-07-28)", "ext-tasks", "2026-07-28", true],
  ["ext-tasks + v2 Client (2025-11-25)", "ext-tasks", "2025-11-25", true],
  ["ext-tasks + v2 Client, polling (2025-11-25)", "ext-tasks", "2025-11-25", false],
  ["v1 Client, callToolStream (2025-11-25)", "v1", "2025-11-25", true],
];

export const delay: Section = {
  id: "delay",
  title: "From the end of a task at the server to its result in the app, in Chromium",
  async *run({ note }) {
    const script = await pageScript('export * from "./bench/rows/delay/delay-page.ts";', "delay");
    yield* benchBrowser({ "delay.js": script }, (at) => rows(at, note));
  },
};

async function* rows(at: BenchBrowser, note: (text: string) => void): AsyncIterable<Row> {
  const measured: readonly Measured[] = SUBJECTS.map(([name, subject, generation, push]) => ({
    name,
    subject,
    generation,
    push,
    rounds: [],
  }));
  for (let round = 0; round <= ROUNDS; round++) {
    note(`round ${round} of ${ROUNDS}`);
    for (const one of measured) {
      const delays = await runIn(at, one, round === 0 ? 1 : TASKS);
      // The first pays for starting the browser's parts.
      if (round > 0) one.rounds.push(delays);
    }
  }
  yield* tables(measured);
}

function runIn(at: BenchBrowser, { subject, generation, push }: Measured, tasks: number): Promise<Delays> {
  const plan = { generation, pushes: push, least: LEAST_MS, most: MOST_MS, pollMs: POLL_MS };
  const run: DelayRun = { subject, generation, push, tasks, url: timedUrl(at.server.origin, plan) };
  return at.inPage("delay.js", (page) =>
    page.evaluate(
      (asked) => (globalThis as unknown as { delay: typeof import("./delay-page.ts") }).delay.measure(asked),
      run,
    ),
  );
}

function* tables(measured: readonly Measured[]): Iterable<Row> {
  const trips = measured.flatMap(({ rounds }) => rounds.map(({ roundTrips }) => median(roundTrips)));
  const roundTrip = median(trips);
  const points = (q: number, of: (one: Measured) => boolean): readonly Point[] =>
    measured.filter(of).map(({ name, rounds }) => ({
      subject: name,
      samples: rounds.map(({ delays }) => quantile(delays, q)),
    }));
  // A server that pushes, to whom each peer listens as far as it can.
  const pushed = ({ push }: Measured): boolean => push;
  const listens = ({ subject, generation }: Measured): boolean =>
    subject === "holdfast" || (subject === "ext-tasks" && generation === "2025-11-25");
  const polled = (one: Measured): boolean => !one.push || !listens(one);
  const common = { unit: "ms", better: "less" } as const;
  const method = `Each sample is one page with ${TASKS} tasks that end at random between ${LEAST_MS} and ${MOST_MS} ms.`;
  for (const [q, called] of [
    [0.5, "p50"],
    [0.99, "p99"],
  ] as const) {
    const own = points(q, (one) => pushed(one) && one.subject === "holdfast");
    const [modern = 0, legacy = 0] = own.map(({ samples }) => median(samples) - roundTrip);
    yield {
      ...common,
      id: `delay-push-${called}`,
      title: `Delay of a result, ${called}, from a server that pushes`,
      points: [...points(q, pushed)],
      ...(called === "p50" && {
        aim: {
          text: `by push within ${BEYOND_MS} ms of the round trip (2026-07-28: ${signed(modern)} ms; 2025-11-25: ${signed(legacy)} ms)`,
          met: Math.max(modern, legacy) <= BEYOND_MS,
        },
      }),
      notes: [
        method,
        `One round trip (a \`fetch\`) from the same pages to the same server: ${roundTrip.toFixed(1)} ms.`,
        `2026-07-28: the notification carries the result; peers do not listen, and poll every ${POLL_MS} ms, as the server asks.`,
        "2025-11-25: the notification carries a status, and the result takes a round trip of its own. ext-tasks listens too.",
      ],
    };
  }
  for (const [q, called] of [
    [0.5, "p50"],
    [0.99, "p99"],
  ] as const) {
    yield {
      ...common,
      id: `delay-poll-${called}`,
      title: `Delay of a result, ${called}, by polls every ${POLL_MS} ms`,
      points: [...points(q, polled)],
      notes: [
        method,
        `Half of the interval is ${POLL_MS / 2} ms: no client that polls can have a lower p50 than about that.`,
      ],
    };
  }
}

function signed(ms: number): string {
  return `${ms > 0 ? "+" : ""}${ms.toFixed(1)}`;
}
