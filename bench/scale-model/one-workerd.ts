import { join } from "node:path";
import { parseArgs } from "node:util";
import { countsOf, METRICS_TOKEN } from "../edge/counts.ts";
import { ServedWorker } from "../edge/served-worker.ts";
import { STARTER, started } from "../edge/started-tasks.ts";
import { PageServer } from "../pages/page-server.ts";
import { timedUrl } from "../servers/timed-server.ts";
import { quantile } from "../statistics.ts";
import { latenessOf } from "./lateness.ts";

/**
 * Many tasks over many objects in one workerd: how long starting takes, how late polls come, and what memory it needs. Run by hand after
 * `npm run build`: `node bench/scale-model/one-workerd.ts --tasks 100000 --objects 100 --poll 600 --abreast 16`. The databases lie in
 * TMPDIR: `TMPDIR=/dev/shm` takes the disk out of it.
 */
const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "100000" },
    objects: { type: "string", default: "100" },
    /** How long after an answer the server asks to be polled again, in s. Its tasks take a third of it, so that one poll ends each. */
    poll: { type: "string", default: "300" },
    /** Objects whose tasks are started at the same time. */
    abreast: { type: "string", default: "4" },
  },
});
const [tasks, objects, pollS, abreast] = [values.tasks, values.objects, values.poll, values.abreast].map(
  Number,
) as [number, number, number, number];
const LOOK_MS = 5_000;

const server = await PageServer.start();
const url = timedUrl(server.origin, {
  generation: "2026-07-28",
  pushes: false,
  least: pollS * 333,
  most: pollS * 333,
  pollMs: pollS * 1_000,
});
const served = await ServedWorker.start({
  vars: { ENDPOINTS: { upstream: { url, allowPrivate: true } }, METRICS_TOKEN },
  beside: STARTER,
});
const began = performance.now();
const tookS = (): number => Math.round((performance.now() - began) / 1_000);

try {
  console.log(`before: ${memory()}`);
  const names = Array.from({ length: objects }, (_, object) => `principal-${object}`);
  const startOne = async (): Promise<void> => {
    for (let name = names.shift(); name !== undefined; name = names.shift())
      await started(served, { principal: name, tasks: tasks / objects });
  };
  const starting = Promise.all(Array.from({ length: abreast }, startOne)).then(() => {
    const cpu = served.cpuMs() / tasks;
    console.log(`${tasks} started in ${tookS()} s, ${cpu.toFixed(2)} ms of CPU each; ${memory()}`);
  });
  await Promise.all([starting, ended()]);
  const {
    tasks_settled: settled = 0,
    polls = 0,
    alarm_failures: failures = 0,
  } = await countsOf(served.origin);
  console.log(
    `${settled} of ${tasks} settled after ${tookS()} s, ${polls} polls, ${failures} alarms failed; CPU ${Math.round(served.cpuMs() / 1_000)} s; ${memory()}`,
  );
  const late = await latenessOf(join(served.folder, "storage/TaskGroup"));
  const [p50, p99, most] = [0.5, 0.99, 1].map((q) => (quantile(late, q) / 1_000).toFixed(1));
  console.log(`ends late by: p50 ${p50} s, p99 ${p99} s, at most ${most} s (${late.length} tasks)`);
  console.log(`asked of the server: ${JSON.stringify(await server.takeCounts())}`);
} finally {
  await served.stop();
  await server.stop();
}

/** Resolves when all tasks have settled, and were counted. */
async function ended(): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const { tasks_settled: settled = 0 } = await countsOf(served.origin);
    console.error(`${tookS()} s: ${settled} settled, ${memory()}`);
    if (settled >= tasks) return;
  }
}

/** Of workerd, by the kernel. */
function memory(): string {
  const [now, most] = [served.memoryMb("VmRSS"), served.memoryMb("VmHWM")].map(Math.round);
  return `memory ${now} MB, at most ${most} MB`;
}
