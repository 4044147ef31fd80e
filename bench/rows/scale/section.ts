import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { bareLoop } from "../../peers/bare-loop.ts";
import { extTasks } from "../../peers/ext-tasks.ts";
import { holdfast, OWN_HTTP } from "../../peers/holdfast.ts";
import { v1Client } from "../../peers/v1-client.ts";
import type { BenchContext, Point, Row, Section } from "../../row.ts";
import { median } from "../../statistics.ts";
import type { Load, LoadFigures } from "./load.ts";

const PROCESS = fileURLToPath(new URL("loaded-process.ts", import.meta.url));
const SUBJECTS = [holdfast.name, extTasks.name, v1Client.name];
const BY_HTTP = [OWN_HTTP, ...SUBJECTS, bareLoop.name];
const TASKS = [1, 100, 1_000, 10_000];
const LENGTHS = [1_000, 10_000];
const ROUNDS = 3;
/** What a handle, a record and its place in the queue may take of the heap, beyond what the call and the server said. */
const HEAP_AIM = 2 * 1_024;

const BASE: Omit<Load, "peer"> = {
  generation: "2025-11-25",
  manner: "polling",
  line: "direct",
  tasks: 1_000,
  pollMs: 100,
  taskMs: 3_600_000,
  argumentLength: 100,
  watchMs: 1_000,
};

/**
 * Many active tasks in one Node process, each subject in a process of its own, against the same server in that process: what
 * is not the browser's. Holdfast's records are in a store outside of the heap, as IndexedDB is.
 */
export const scale: Section = {
  id: "scale",
  title: "Many tasks, in Node",
  async *run(context) {
    const byTasks = await sweep(context, TASKS, (tasks) => {
      const pollMs = Math.max(BASE.pollMs, tasks / 5);
      // Tasks begun together are polled together: less than a whole interval might see none of it.
      return { ...BASE, tasks, pollMs, watchMs: Math.max(BASE.watchMs, pollMs) };
    });
    const tasks = { name: "active tasks", unit: "" };
    yield heapRow(
      "scale-heap",
      "JavaScript heap for each task",
      tasks,
      byTasks.filter(({ x }) => x > 1),
    );
    yield cpuRow("scale-cpu-poll", "CPU for each poll, on a transport that costs nothing", tasks, byTasks);
    yield delayRow(tasks, byTasks);

    const roomy = await sweep(context, [1_000], () => ({ ...BASE, pollMs: 200, roomy: true }));
    yield allocationRow(roomy);

    const http = { ...BASE, line: "http", pollMs: 500, watchMs: 2_000 } as const;
    yield httpRow(await sweep(context, [http.tasks], () => http, BY_HTTP));

    const larger = await sweep(context, LENGTHS, (argumentLength) => ({ ...BASE, argumentLength }));
    const small = byTasks.filter(({ x }) => x === BASE.tasks);
    const byLength = [...small.map((sample) => ({ ...sample, x: BASE.argumentLength })), ...larger];
    const length = { name: "length of the call's argument", unit: "characters" };
    yield heapRow(
      "scale-heap-record",
      "JavaScript heap for each of 1,000 tasks, by the size of the call",
      length,
      byLength,
    );
    yield cpuRow(
      "scale-cpu-record",
      "CPU for each poll of 1,000 tasks, by the size of the call",
      length,
      byLength,
    );

    const pushing = { ...BASE, manner: "pushing", pollMs: 60_000, taskMs: 4_000, watchMs: 2_000 } as const;
    const updates = await sweep(context, [1_000], () => pushing, SUBJECTS.slice(0, 2));
    yield updateRow(updates);
  },
};

interface Sample {
  readonly subject: string;
  readonly x: number;
  readonly load: Load;
  readonly figures: LoadFigures;
}

/** Every subject at every place, A, B, C, A, B, C …, so that what else the machine does meets all alike. */
async function sweep(
  { note }: BenchContext,
  places: readonly number[],
  loadAt: (x: number) => Omit<Load, "peer">,
  subjects: readonly string[] = SUBJECTS,
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (const x of places) {
    for (let round = 0; round < ROUNDS; round++) {
      for (const subject of subjects) {
        const load = { ...loadAt(x), peer: subject };
        note(`${subject}, ${x.toLocaleString("en")}, ${load.line}, round ${round + 1}`);
        samples.push({ subject, x, load, figures: await figuresUnder(load) });
      }
    }
  }
  return samples;
}

async function figuresUnder(load: Load): Promise<LoadFigures> {
  const room = load.roomy ? ["--min-semi-space-size=256", "--max-semi-space-size=256"] : [];
  const args = ["--expose-gc", "--no-warnings", ...room, PROCESS, JSON.stringify(load)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const figures = JSON.parse(stdout) as LoadFigures;
  if (figures.polls + figures.pushes === 0) throw new Error(`Nothing was to be seen of ${args.at(-1)}`);
  return figures;
}

type Axis = Row["x"];

function pointsOf(
  samples: readonly Sample[],
  axis: Axis,
  figure: (sample: Sample) => number,
): readonly Point[] {
  const places = [...new Set(samples.map(({ x }) => x))];
  return SUBJECTS.flatMap((subject) =>
    places.map((x): Point => {
      const own = samples.filter((sample) => sample.subject === subject && sample.x === x);
      return { subject, ...(axis && { x }), samples: own.map(figure) };
    }),
  );
}

function heapRow(id: string, title: string, axis: Axis, samples: readonly Sample[]): Row {
  const points = pointsOf(samples, axis, ({ figures }) => figures.heapPerTask);
  const own = points.filter(({ subject }) => subject === holdfast.name);
  const beyond = own.map(({ x = 0, samples: heaps }) => {
    const carried = id === "scale-heap-record" ? x : BASE.argumentLength;
    return median(heaps) - carried;
  });
  return {
    id,
    title,
    unit: "bytes",
    better: "less",
    ...(axis && { x: axis }),
    points,
    aim: {
      text: "at most 2 KB each beyond the call's argument, of 10,000 tasks or by the size of the call",
      met: beyond.slice(id === "scale-heap" ? -1 : 0).every((bytes) => bytes <= HEAP_AIM),
    },
    notes: [`Beyond the argument: ${beyond.map((bytes) => `${Math.round(bytes)} bytes`).join(", ")}.`],
  };
}

function cpuRow(id: string, title: string, axis: Axis, samples: readonly Sample[]): Row {
  const points = pointsOf(samples, axis, (sample) => usPerPoll(sample) - sample.figures.floorUsPerPoll);
  const row: Row = {
    id,
    title: `${title}, beyond the request itself`,
    unit: "µs",
    better: "less",
    ...(axis && { x: axis }),
    points,
  };
  const busiest = axis ? 1_000 : undefined;
  const at = (subject: string): number =>
    median(
      points.find(
        (point) =>
          point.subject === subject &&
          (busiest === undefined || id === "scale-cpu-record" || point.x === busiest),
      )?.samples ?? [],
    );
  const ratio = at(holdfast.name) / at(extTasks.name);
  const whole = SUBJECTS.map((subject) => {
    const own = samples
      .filter((sample) => sample.subject === subject && sample.load.tasks === 1_000)
      .map(usPerPoll);
    return `${subject} ${median(own).toFixed(0)} µs`;
  });
  const idle =
    "One task leaves the process idle nearly all the time, and what an idle process costs falls on its few polls.";
  const floor = median(samples.map(({ figures }) => figures.floorUsPerPoll)).toFixed(0);
  return {
    ...row,
    aim: { text: `at most a fifth of ext-tasks' (it is ${ratio.toFixed(2)} of it)`, met: ratio <= 0.2 },
    notes: [
      `The request, the server and JSON alone: ${floor} µs. With them: ${whole.join(", ")}.`,
      ...(points.some(({ x }) => x === 1) ? [idle] : []),
    ],
  };
}

const usPerPoll = ({ figures }: Sample): number => (figures.cpuMs * 1_000) / figures.polls;

/** The whole of a poll by HTTP, beside a loop without a client: what `fetch` and the server take, nobody can save. */
function httpRow(samples: readonly Sample[]): Row {
  const points = BY_HTTP.map((subject): Point => {
    const own = samples.filter((sample) => sample.subject === subject);
    return { subject, samples: own.map(usPerPoll) };
  });
  /** By round: what else the machine did then, it did to both. */
  const beyond = (subject: string): readonly number[] => {
    const [own, floor] = [subject, bareLoop.name].map(
      (name) => points.find((point) => point.subject === name)?.samples ?? [],
    );
    return (own ?? []).map((us, round) => us - (floor?.[round] ?? Number.NaN));
  };
  const [own, peer, v1] = [OWN_HTTP, extTasks.name, v1Client.name].map((name) => median(beyond(name)));
  const ratio = (own ?? Number.NaN) / (peer ?? Number.NaN);
  const spread = BY_HTTP.filter((subject) => subject !== bareLoop.name)
    .map(
      (subject) =>
        `${subject} ${beyond(subject)
          .map((us) => us.toFixed(0))
          .join(", ")} µs`,
    )
    .join("; ");
  return {
    id: "scale-cpu-poll-http",
    title: "CPU for each poll by HTTP: fetch, the server in the same process, and JSON included",
    unit: "µs",
    better: "less",
    points,
    aim: {
      text: `beyond "${bareLoop.name}", at most a fifth of ext-tasks' (it is ${ratio.toFixed(2)} of it) and at most the v1 Client's`,
      met: ratio <= 0.2 && (own ?? Number.NaN) <= (v1 ?? Number.NaN),
    },
    notes: [`Beyond "${bareLoop.name}", by round: ${spread}.`],
  };
}

/** What the client allocates for each poll, beyond the server and JSON: sooner or later a collector must look at it. */
function allocationRow(samples: readonly Sample[]): Row {
  const points = pointsOf(samples, undefined, ({ figures: { bytesPerPoll, floorBytesPerPoll } }) =>
    bytesPerPoll === null || floorBytesPerPoll === null ? Number.NaN : bytesPerPoll - floorBytesPerPoll,
  );
  const own = median(points.find(({ subject }) => subject === holdfast.name)?.samples ?? []);
  return {
    id: "scale-allocation-poll",
    title: "Bytes allocated for each poll, on a transport that costs nothing, beyond the request itself",
    unit: "bytes",
    better: "less",
    points,
    aim: { text: "at most 2.5 KB", met: own <= 2_500 },
  };
}

function delayRow(axis: Axis, samples: readonly Sample[]): Row {
  return {
    id: "scale-loop-delay",
    title: "How late the event loop is while they run, p99",
    unit: "ms",
    better: "less",
    ...(axis && { x: axis }),
    points: pointsOf(samples, axis, ({ figures }) => figures.delayP99Ms),
    notes: ["A timer of 5 ms measures it, so 5 ms is as good as it gets."],
  };
}

function updateRow(samples: readonly Sample[]): Row {
  const points = pointsOf(samples, undefined, ({ figures }) => (figures.cpuMs * 1_000) / figures.pushes);
  return {
    id: "scale-cpu-update",
    title: "CPU for each pushed update, of 1,000 tasks",
    unit: "µs",
    better: "less",
    points,
    notes: [
      "Holdfast's includes the write of the new state to its store. The v1 Client does not hear what is pushed.",
    ],
  };
}
