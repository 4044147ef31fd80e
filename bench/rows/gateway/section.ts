import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import {
  AT_ONCE,
  anew,
  callPlain,
  connected,
  manyCalls,
  type PlainCalls,
} from "../../edge/ordinary-calls.ts";
import { SideBySide } from "../../edge/side-by-side.ts";
import { PageServer } from "../../pages/page-server.ts";
import { textOf } from "../../peers/peer.ts";
import type { Row, Section } from "../../row.ts";
import { machineNow, READING_TOOL, TASK_TOOL, timedUrl, WRITING_TOOL } from "../../servers/timed-server.ts";
import { median, quantile } from "../../statistics.ts";

const ROUNDS = 8;
const CALLS = 30;
/** How long calls are counted in a round, in ms. */
const COUNTED_MS = 1_200;
const HELD = 300;
/** Long enough that the last call is held before the first task ends, in ms; and shorter than the 45 s a call is held. */
const HELD_TASK_MS = 20_000;

const GATEWAY = "Holdfast's gateway";
const WRITING = "Holdfast's gateway, a tool that may change something";
const PASS_THROUGH = "a pass-through proxy (Hono, in workerd)";
const DIRECT = "a plain call, direct to the server";
/** It is as it is so that nobody can say that the comparison was made slow. */
const PROXY_LACKS =
  "The proxy passes bytes on and does nothing else: it checks no token, counts no call, bounds no reply, sets no time limit, checks no address, and reads no message.";
/** An ordinary call through the gateway may take so many times what it takes through the proxy, and as many a second are at least this share. */
const LATENCY_AIM = 1.5;
const RATE_AIM = 2 / 3;

interface Subject extends PlainCalls {
  readonly name: string;
  readonly latencies: number[][];
  readonly rates: number[];
  /** Of workerd, for each call, in ms. */
  readonly cpu: number[];
}

export const gateway: Section = {
  id: "gateway",
  title: "The gateway",
  async *run({ note }) {
    const server = await PageServer.start();
    const upstream = timedUrl(server.origin, {
      generation: "2025-11-25",
      pushes: false,
      least: HELD_TASK_MS,
      most: HELD_TASK_MS,
      pollMs: 1_000,
    });
    const both = await SideBySide.start(upstream);
    try {
      const through = await connected(both.gateway, both.headers);
      const subjects: readonly Subject[] = [
        subjectOf(GATEWAY, through),
        subjectOf(WRITING, through, WRITING_TOOL),
        subjectOf(PASS_THROUGH, await connected(both.bareProxy)),
        subjectOf(DIRECT, await connected(upstream)),
      ];
      for (let round = 0; round <= ROUNDS; round++) {
        note(`ordinary calls, round ${round} of ${ROUNDS}`);
        await oneRound(subjects, both, round > 0);
      }
      yield* ordinaryCalls(subjects);
      yield cpuOfCalls(subjects);
      note(`${HELD} calls held at once`);
      yield* await heldCalls(through);
    } finally {
      await both.stop();
      await server.stop();
    }
  },
};

function subjectOf(name: string, client: Client, tool: string = READING_TOOL): Subject {
  return { name, client, tool, latencies: [], rates: [], cpu: [] };
}

/** One call of each in turn; then as many of each as it takes. */
async function oneRound(subjects: readonly Subject[], both: SideBySide, kept: boolean): Promise<void> {
  const latencies = subjects.map((): number[] => []);
  for (let call = 0; call < (kept ? CALLS : 5); call++) {
    for (const [index, subject] of subjects.entries()) {
      const began = performance.now();
      await callPlain(subject);
      latencies[index]?.push(performance.now() - began);
    }
  }
  if (!kept) return;
  for (const [index, subject] of subjects.entries()) {
    subject.latencies.push(latencies[index] ?? []);
    const cpuBefore = both.cpuMs();
    const { calls, perSecond } = await manyCalls(subject, COUNTED_MS);
    subject.rates.push(perSecond);
    subject.cpu.push((both.cpuMs() - cpuBefore) / calls);
  }
}

function* ordinaryCalls(subjects: readonly Subject[]): Iterable<Row> {
  const at = (q: number): Row["points"] =>
    subjects.map(({ name, latencies }) => ({
      subject: name,
      samples: latencies.map((taken) => quantile(taken, q)),
    }));
  const added = (points: Row["points"]): string => {
    const [own = 0, writing = 0, proxied = 0, direct = 0] = points.map(({ samples }) => median(samples));
    const by = (ms: number): string => `${(ms - direct).toFixed(1)} ms`;
    return `Added to a direct call: ${by(own)}, of a tool that may change something ${by(writing)}; by the proxy ${by(proxied)}.`;
  };
  const why =
    "Both run in one workerd. A call that may change something is durable before it is sent; one that only reads is not. What became of either is written after the reply.";
  /** Of each round, and of those the median: what else the machine does meets both subjects of a round alike. */
  const ratio = ([own, , proxied]: Row["points"]): number =>
    median((own?.samples ?? []).map((sample, round) => sample / (proxied?.samples[round] ?? Number.NaN)));
  for (const [q, called] of [
    [0.5, "p50"],
    [0.99, "p99"],
  ] as const) {
    const points = at(q);
    yield {
      id: `gateway-latency-${called}`,
      title: `An ordinary call of a tool that answers at once, ${called}`,
      unit: "ms",
      better: "less",
      points,
      ...(q === 0.5 && {
        aim: {
          text: `at most ${LATENCY_AIM} times the proxy (${ratio(points).toFixed(2)})`,
          met: ratio(points) <= LATENCY_AIM,
        },
      }),
      notes: [added(points), why],
    };
  }
  const rates = subjects.map(({ name, rates: samples }) => ({ subject: name, samples }));
  yield {
    id: "gateway-rate",
    title: `Ordinary calls a second, ${AT_ONCE} at once, one workerd`,
    unit: "per second",
    better: "more",
    points: rates,
    aim: {
      text: `at least two thirds of the proxy (${ratio(rates).toFixed(2)})`,
      met: ratio(rates) >= RATE_AIM,
    },
    notes: [
      "All calls are of one principal on one endpoint. One object makes those that may change something; it lends the tool that only reads to the isolate, which makes the others by itself.",
      PROXY_LACKS,
    ],
  };
}

function cpuOfCalls(subjects: readonly Subject[]): Row {
  return {
    id: "gateway-cpu",
    title: `CPU of workerd for an ordinary call, ${AT_ONCE} at once`,
    unit: "ms",
    better: "less",
    points: subjects
      .filter(({ name }) => name !== DIRECT)
      .map(({ name, cpu }) => ({ subject: name, samples: cpu })),
    notes: ["By the kernel. The machine's other work changes it least of all figures here."],
  };
}

/** Calls of a client that knows no tasks, of a tool that is a task: held until the result is there. */
async function heldCalls(client: Client): Promise<readonly Row[]> {
  const began = performance.now();
  let out = 0;
  let most = 0;
  const failures: string[] = [];
  const delays = await Promise.all(
    Array.from({ length: HELD }, async () => {
      most = Math.max(most, ++out);
      const text = await client.callTool({ name: TASK_TOOL, arguments: anew() }).then(textOf, String);
      out--;
      const endedAt = Number(text);
      if (!(endedAt > 0)) failures.push(text);
      return endedAt > 0 ? machineNow() - endedAt : undefined;
    }),
  );
  const answered = delays.filter((delay) => delay !== undefined);
  const notes = [
    `${HELD} calls of tasks of ${HELD_TASK_MS / 1_000} s, by a client without tasks; ${most} were held at once, and all had ended after ${Math.round((performance.now() - began) / 1_000)} s.`,
    ...[...new Set(failures)].map((text) => `Not answered with a result: ${text.slice(0, 200)}`),
  ];
  return [
    {
      id: "gateway-held",
      title: "Calls held at once that were answered with their result",
      unit: "count",
      better: "more",
      points: [{ subject: GATEWAY, samples: [answered.length] }],
      notes,
    },
    {
      id: "gateway-held-delay",
      title: "From the end of a held call's task at the server to its answer",
      unit: "ms",
      better: "less",
      points: [{ subject: GATEWAY, samples: answered }],
      notes: ["Polled every second, at the server's wish."],
    },
  ];
}
