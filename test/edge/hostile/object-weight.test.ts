import { afterAll, beforeAll, expect, test } from "vitest";
import { EdgeLab } from "./edge-lab.ts";
import { HostileServer, working } from "./hostile-server.ts";

const TASKS = 150;
/** Of a task's arguments, in bytes. */
const ARGUMENT_BYTES = 1_000_000;
const AT_ONCE = 5;

let server: HostileServer;
let lab: EdgeLab;
const ids: string[] = [];
/** The worker's peak after it was asked for a task that does not exist, in MB. */
let base: number;

beforeAll(async () => {
  server = await HostileServer.start();
  // Polled once an hour: no alarm wakes an object but the one that is read.
  server.answer = ({ method }) =>
    method === "tools/call"
      ? { result: { task: working(`t-${ids.length}-${server.count(method)}`, { pollInterval: 3_600_000 }) } }
      : undefined;
  lab = await EdgeLab.start({
    endpoints: { large: server.url },
    limits: { callsPerMinute: 60_000, argumentBytes: ARGUMENT_BYTES + 1_000 },
  });
  base = await peakOfRead("large.9.01936c4e-5b5e-7c1a-9d3e-2f1a4b6c8d0e");
}, 120_000);

afterAll(async () => {
  await lab.close();
  await server.close();
});

/** The peak of a new process that reads a task: the task's object then holds all its active tasks. */
async function peakOfRead(id: string): Promise<number> {
  await lab.restart();
  for (let n = 0; n < 5; n++) await (await lab.fetch("GET", `/v1/tasks/${id}`)).body?.cancel();
  return lab.peakMb;
}

test(`${TASKS} running tasks of ${ARGUMENT_BYTES} bytes lie in objects that can hold them`, {
  timeout: 400_000,
}, async () => {
  while (ids.length < TASKS) {
    const tasks = await Promise.all(
      Array.from({ length: AT_ONCE }, (_, n) =>
        lab.call<{ id: string; status: string }>("large", "task", {
          text: String(ids.length + n)
            .padEnd(8, "-")
            .repeat(ARGUMENT_BYTES / 8),
        }),
      ),
    );
    ids.push(...tasks.map(({ id }) => id));
  }
  const shards = new Map<string, number>();
  for (const id of ids) shards.set(String(id.split(".")[1]), (shards.get(String(id.split(".")[1])) ?? 0) + 1);
  const added = (await peakOfRead(ids[0] ?? "")) - base;
  console.log(
    `Tasks by shard: ${[...shards.values()].join(", ")}; the first one wakes with +${added.toFixed(0)} MB`,
  );
  expect(Math.max(...shards.values()) * (ARGUMENT_BYTES + 262_144)).toBeLessThan(40_000_000);
});
