import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryOf } from "../../../proxy/process-memory.ts";
import { connected, manyCalls } from "../../edge/ordinary-calls.ts";
import { BenchWorker, bearer } from "../../edge/worker-process.ts";
import { PageServer } from "../../pages/page-server.ts";
import type { Row, Section } from "../../row.ts";
import { READING_TOOL, timedUrl } from "../../servers/timed-server.ts";

const ROUNDS = 3;
/** How long calls are counted in a round, in ms; before that, as long for compiling. */
const COUNTED_MS = 2_000;
const TOKEN = "token-of-the-bench-0123456789";

/** The gateway on one's own machine, started anew for each sample. */
interface Running {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The process that started all others of it. */
  readonly pid: number;
  stop(): Promise<void>;
}

interface Subject {
  readonly name: string;
  readonly start: (upstream: string) => Promise<Running>;
  readonly readyMs: number[];
  readonly megabytes: number[];
  readonly rates: number[];
}

const SUBJECTS: readonly Subject[] = [
  subjectOf("Holdfast's serve", served),
  subjectOf("the worker in wrangler dev", underWrangler),
];

export const selfHosted: Section = {
  id: "self-hosted",
  title: "The gateway on one's own machine",
  async *run({ note }) {
    const server = await PageServer.start();
    const plan = {
      generation: "2025-11-25",
      pushes: false,
      least: 1_000,
      most: 1_000,
      pollMs: 1_000,
    } as const;
    const upstream = timedUrl(server.origin, plan);
    try {
      for (let round = 1; round <= ROUNDS; round++)
        for (const subject of SUBJECTS) {
          note(`${subject.name}, round ${round} of ${ROUNDS}`);
          await oneStart(subject, upstream);
        }
    } finally {
      await server.stop();
    }
    yield* rows();
  },
};

function subjectOf(name: string, start: Subject["start"]): Subject {
  return { name, start, readyMs: [], megabytes: [], rates: [] };
}

async function oneStart(subject: Subject, upstream: string): Promise<void> {
  const began = performance.now();
  const running = await subject.start(upstream);
  try {
    subject.readyMs.push(performance.now() - began);
    const client = await connected(`${running.url}/mcp/upstream`, running.headers);
    const plain = { client, tool: READING_TOOL };
    await manyCalls(plain, COUNTED_MS);
    subject.rates.push((await manyCalls(plain, COUNTED_MS)).perSecond);
    subject.megabytes.push(memoryOf(running.pid, "no other process").Pss);
  } finally {
    await running.stop();
  }
}

function* rows(): Iterable<Row> {
  const points = (of: (subject: Subject) => readonly number[]): Row["points"] =>
    SUBJECTS.map((subject) => ({ subject: subject.name, samples: of(subject) }));
  yield {
    id: "self-hosted-ready",
    title: "From the start until it answers",
    unit: "ms",
    better: "less",
    points: points(({ readyMs }) => readyMs),
  };
  yield {
    id: "self-hosted-memory",
    title: "Memory of all its processes, after calls",
    unit: "MB",
    better: "less",
    points: points(({ megabytes }) => megabytes),
    notes: ["Pages that processes share count once (`Pss`)."],
  };
  yield {
    id: "self-hosted-rate",
    title: "Ordinary calls a second, 16 at once",
    unit: "per second",
    better: "more",
    points: points(({ rates }) => rates),
  };
}

async function served(upstream: string): Promise<Running> {
  const state = await mkdtemp(join(tmpdir(), "holdfast-bench-"));
  const child = spawn(
    process.execPath,
    [
      "dist/proxy/holdfast.cjs",
      "serve",
      "--state",
      state,
      "--port",
      "0",
      "--endpoint",
      `upstream=${upstream}`,
    ],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        HOLDFAST_TOKEN: TOKEN,
        HOLDFAST_LIMITS: JSON.stringify({ callsPerMinute: 60_000, readsPerMinute: 600_000 }),
      },
    },
  );
  return {
    url: await addressOf(child),
    headers: { authorization: `Bearer ${TOKEN}` },
    pid: child.pid ?? 0,
    async stop() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
      await rm(state, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

/** Resolves with what it prints when it answers. */
function addressOf(child: ChildProcess): Promise<string> {
  let said = "";
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`holdfast serve ended with ${code}`)));
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const url = /^MCP +(\S+)\/mcp$/m.exec(said)?.[1];
      if (url !== undefined && /^State /m.test(said)) resolve(url);
    });
  });
}

async function underWrangler(upstream: string): Promise<Running> {
  const worker = await BenchWorker.start(upstream, ["caller"]);
  return { url: worker.url, headers: bearer("caller"), pid: worker.pid, stop: () => worker.stop() };
}
