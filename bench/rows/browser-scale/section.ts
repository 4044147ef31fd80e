import type { Page } from "playwright-core";
import { type BenchBrowser, benchBrowser } from "../../pages/bench-browser.ts";
import { pageScript } from "../../pages/page-script.ts";
import type { Point, Row, Section } from "../../row.ts";
import { timedUrl } from "../../servers/timed-server.ts";
import { median } from "../../statistics.ts";
import type { Busy, Resumed } from "./scale-page.ts";

const TASKS = [1, 100, 1_000, 10_000] as const;
const ROUNDS = 3;
/** How long a page is watched once it has its tasks, in ms. */
const WATCHED_MS = 2_500;
/** Longer than that, a page is given up. */
const PATIENCE_MS = 40_000;
/** As servers of long tasks ask for: what is measured beyond the first poll is the tasks, not their polls. */
const POLL_MS = 600_000;
const X = { name: "active tasks", unit: "count" } as const;
const HOLDFAST = "Holdfast";
const EXT_TASKS = "ext-tasks + v2 Client, its app keeping the references in IndexedDB";
const V1 = "v1 Client, callToolStream";

type PageModule = typeof import("./scale-page.ts");
interface Subject {
  readonly name: string;
  /** Its name in the page, and the database it uses. */
  readonly resume: "resume" | "resumeReferences";
}

const SUBJECTS: readonly Subject[] = [
  { name: HOLDFAST, resume: "resume" },
  { name: EXT_TASKS, resume: "resumeReferences" },
];

interface Sample {
  readonly ms: number;
  /** Heap after it has its handles, less the page without, in bytes. */
  readonly heap: number;
  readonly longestBlock: number;
}

export const browserScale: Section = {
  id: "browser-scale",
  title: "Many active tasks in one page, in Chromium",
  async *run({ note }) {
    const script = await pageScript('export * from "./bench/rows/browser-scale/scale-page.ts";', "scale");
    yield* benchBrowser({ "scale.js": script }, (at) => rows(at, note));
  },
};

async function* rows(at: BenchBrowser, note: (text: string) => void): AsyncIterable<Row> {
  const url = timedUrl(at.server.origin, {
    generation: "2026-07-28",
    pushes: false,
    least: Number.POSITIVE_INFINITY,
    most: Number.POSITIVE_INFINITY,
    pollMs: POLL_MS,
  });
  note("filling the databases");
  const recordLength = await prepare(at, url);
  const samples = new Map<string, Sample[]>();
  const given = new Set<string>();
  for (let round = 1; round <= ROUNDS; round++) {
    for (const tasks of TASKS) {
      for (const subject of SUBJECTS) {
        const key = keyOf(subject.name, tasks);
        if (given.has(key)) continue;
        note(`round ${round}: ${tasks} tasks, ${subject.name}`);
        const sample = await resumed(at, subject, url, tasks);
        if (sample) samples.set(key, [...(samples.get(key) ?? []), sample]);
        // What failed or took too long once is not waited for again.
        if (!sample || sample.ms > PATIENCE_MS / 4) given.add(key);
      }
    }
  }
  yield* tables(samples, recordLength);
}

function keyOf(subject: string, tasks: number): string {
  return `${subject}/${tasks}`;
}

async function prepare(at: BenchBrowser, url: string): Promise<number> {
  let recordLength = 0;
  for (const tasks of TASKS) {
    await at.inPage("scale.js", async (page) => {
      const asked = [tasks, url] as const;
      const prepared = await page.evaluate(async ([count, address]) => {
        const { scale } = globalThis as unknown as { scale: PageModule };
        await scale.prepareReferences(`resumeReferences-${count}`, count);
        return scale.prepare(`resume-${count}`, address, count);
      }, asked);
      recordLength = prepared.recordLength;
    });
  }
  return recordLength;
}

/** `undefined` where the page could not. */
function resumed(
  at: BenchBrowser,
  { resume }: Subject,
  url: string,
  tasks: number,
): Promise<Sample | undefined> {
  return at.inPage("scale.js", async (page) => {
    const before = await heapOf(page);
    const asked = [resume, `${resume}-${tasks}`, url] as const;
    const work = page.evaluate(
      ([how, database, address]) =>
        (globalThis as unknown as { scale: PageModule }).scale[how](database, address),
      asked,
    );
    const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), PATIENCE_MS));
    const done: Resumed | undefined = await Promise.race([work.catch(() => undefined), late]);
    if (done?.tasks !== tasks) return undefined;
    const heap = (await heapOf(page)) - before;
    await page.waitForTimeout(WATCHED_MS);
    const busy: Busy = await page.evaluate(() =>
      (globalThis as unknown as { scale: PageModule }).scale.takeBusy(),
    );
    return { ms: done.ms, heap, longestBlock: busy.longestBlock };
  });
}

async function heapOf(page: Page): Promise<number> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await devtools.send("Runtime.getHeapUsage");
  await devtools.detach();
  return usedSize;
}

function* tables(samples: ReadonlyMap<string, readonly Sample[]>, recordLength: number): Iterable<Row> {
  const points = (of: (sample: Sample, tasks: number) => number, from = 0): readonly Point[] =>
    [HOLDFAST, EXT_TASKS, V1].flatMap((subject) =>
      TASKS.filter((tasks) => tasks > from).map((tasks) => ({
        subject,
        x: tasks,
        samples: (samples.get(keyOf(subject, tasks)) ?? []).map((sample) => of(sample, tasks)),
      })),
    );
  const own = (tasks: number): readonly Sample[] => samples.get(keyOf(HOLDFAST, tasks)) ?? [];
  const resumeMs = median(own(10_000).map(({ ms }) => ms));
  yield {
    id: "scale-resume",
    title: "Time to resume from IndexedDB, until there is a handle of each task",
    unit: "ms",
    better: "less",
    x: X,
    points: points(({ ms }) => ms),
    aim: { text: "10,000 active tasks resume within 1 s", met: resumeMs <= 1_000 },
    notes: [
      "ext-tasks asks the server for each task before it gives its handle. v1 has no way to resume a task.",
    ],
  };
  const fixed = median(own(1).map(({ heap }) => heap));
  const fixedOf = (subject: string): number =>
    median((samples.get(keyOf(subject, 1)) ?? []).map(({ heap }) => heap));
  const beyond = (subject: string, { heap }: Sample, tasks: number): number =>
    (heap - fixedOf(subject)) / (tasks - 1) - (subject === HOLDFAST ? recordLength : 0);
  const perTask = [HOLDFAST, EXT_TASKS].flatMap((subject) =>
    TASKS.filter((tasks) => tasks > 1).map((tasks) => ({
      subject,
      x: tasks,
      samples: (samples.get(keyOf(subject, tasks)) ?? []).map((sample) => beyond(subject, sample, tasks)),
    })),
  );
  const bytes = median(own(10_000).map((sample) => beyond(HOLDFAST, sample, 10_000)));
  yield {
    id: "scale-memory",
    title: "Memory of one active task in a page, beyond its payload",
    unit: "bytes",
    better: "less",
    x: X,
    points: perTask,
    aim: { text: "10,000 active tasks hold at most 2 KB each beyond their payload", met: bytes <= 2_048 },
    notes: [
      `Heap after a collection, with a handle of each task held, less that with one task (${Math.round(fixed / 1_024)} KB), by the tasks; less the record, ${recordLength} characters as JSON. ext-tasks keeps no arguments: nothing is taken off.`,
    ],
  };
  yield {
    id: "scale-block",
    title: `The longest the page could do nothing else, while it resumed and ${WATCHED_MS / 1_000} s of first polls`,
    unit: "ms",
    better: "less",
    x: X,
    points: points(({ longestBlock }) => longestBlock),
  };
}
