import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { startWorker } from "../../../test/servers/processes.ts";
import { BenchWorker, bearer } from "../../edge/worker-process.ts";
import { PageServer } from "../../pages/page-server.ts";
import { textOf } from "../../peers/peer.ts";
import type { Row, Section } from "../../row.ts";
import { machineNow, PLAIN_TOOL, TASK_TOOL, timedUrl } from "../../servers/timed-server.ts";
import { median, quantile } from "../../statistics.ts";

const ROUNDS = 4;
const CALLS = 60;
/** How many calls are in flight while they are counted, and for how long, in ms. */
const AT_ONCE = 16;
const COUNTED_MS = 2_500;
const HELD = 300;
/** Long enough that the last call is held before the first task ends, in ms; and shorter than the 45 s a call is held. */
const HELD_TASK_MS = 20_000;

const GATEWAY = "Holdfast's gateway";
const PASS_THROUGH = "a pass-through proxy (Hono, in workerd)";
const DIRECT = "a plain call, direct to the server";

interface Subject {
  readonly name: string;
  readonly client: Client;
  readonly latencies: number[][];
  readonly rates: number[];
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
    const worker = await BenchWorker.start(upstream, ["caller"]);
    const passThrough = await startWorker({
      config: "bench/edge/pass-through.toml",
      vars: { UPSTREAM: upstream },
    });
    try {
      const headers = bearer("caller");
      const through = await connected(`${worker.url}/mcp/upstream`, headers);
      const subjects: readonly Subject[] = [
        subjectOf(GATEWAY, through),
        subjectOf(PASS_THROUGH, await connected(`${passThrough.url}/mcp`)),
        subjectOf(DIRECT, await connected(upstream)),
      ];
      for (let round = 0; round <= ROUNDS; round++) {
        note(`ordinary calls, round ${round} of ${ROUNDS}`);
        await oneRound(subjects, round > 0);
      }
      yield* ordinaryCalls(subjects);
      note(`${HELD} calls held at once`);
      yield* await heldCalls(through);
    } finally {
      await worker.stop();
      await passThrough.kill();
      await server.stop();
    }
  },
};

async function connected(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Client> {
  const client = new Client({ name: "an-agent", version: "1.0.0" });
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers },
    // The transport has one signal for all its requests, which Node would have listened to by thousands.
    fetch: (to, init) => fetch(to, { ...init, signal: null }),
  });
  await client.connect(transport as Parameters<Client["connect"]>[0]);
  return client;
}

function subjectOf(name: string, client: Client): Subject {
  return { name, client, latencies: [], rates: [] };
}

/** The gateway treats the same call specially while the first is in flight, so each call has its own argument. */
function anew(): { readonly doi: string } {
  return { doi: `10.1/${crypto.randomUUID()}` };
}

/** One call of each in turn; then as many of each as it takes. */
async function oneRound(subjects: readonly Subject[], kept: boolean): Promise<void> {
  const latencies = subjects.map((): number[] => []);
  for (let call = 0; call < (kept ? CALLS : 5); call++) {
    for (const [index, { client }] of subjects.entries()) {
      const began = performance.now();
      await callPlain(client);
      latencies[index]?.push(performance.now() - began);
    }
  }
  if (!kept) return;
  for (const [index, subject] of subjects.entries()) {
    subject.latencies.push(latencies[index] ?? []);
    subject.rates.push(await callsPerSecond(subject.client));
  }
}

async function callPlain(client: Client): Promise<void> {
  const result = await client.callTool({ name: PLAIN_TOOL, arguments: anew() });
  if (!Number.isFinite(Number(textOf(result)))) throw new Error(`It answered ${JSON.stringify(result)}`);
}

async function callsPerSecond(client: Client): Promise<number> {
  const began = performance.now();
  let done = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (performance.now() - began < COUNTED_MS) {
        await callPlain(client);
        done++;
      }
    }),
  );
  return (done * 1_000) / (performance.now() - began);
}

function* ordinaryCalls(subjects: readonly Subject[]): Iterable<Row> {
  const at = (q: number): Row["points"] =>
    subjects.map(({ name, latencies }) => ({
      subject: name,
      samples: latencies.map((taken) => quantile(taken, q)),
    }));
  const added = (points: Row["points"]): string => {
    const [own = 0, proxied = 0, direct = 0] = points.map(({ samples }) => median(samples));
    return `Added to a direct call: ${(own - direct).toFixed(1)} ms; by the proxy ${(proxied - direct).toFixed(1)} ms.`;
  };
  const why =
    "The gateway records each call before it is sent, and its end before it is told: two durable writes in an object, and the requests between worker and objects.";
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
      notes: [added(points), why],
    };
  }
  yield {
    id: "gateway-rate",
    title: `Ordinary calls a second, ${AT_ONCE} at once, one workerd`,
    unit: "per second",
    better: "more",
    points: subjects.map(({ name, rates }) => ({ subject: name, samples: rates })),
    notes: [
      "All calls are of one principal on one endpoint: one object makes them all, with six connections.",
    ],
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
