import { afterAll, beforeAll, expect, test } from "vitest";
import { EdgeLab } from "./edge-lab.ts";
import { HostileServer } from "./hostile-server.ts";

const TASKS = 300;
/** Of a task's arguments, in bytes: as many as are taken by default. */
const ARGUMENT_BYTES = 250_000;
const AT_ONCE = 10;

let server: HostileServer;
let lab: EdgeLab;
const ids: string[] = [];
/** The worker's peak after a read of an object with one task, in MB. */
let base: number;

/** A call with large arguments of its own, so that nothing can share them. */
function callLarge(n: number): Promise<{ id: string }> {
  return lab.call("large", "plain", {
    text: String(n)
      .padEnd(8, "-")
      .repeat(ARGUMENT_BYTES / 8),
  });
}

/** The peak of a new process that reads one task, and goes on for as long as housekeeping may take. */
async function peakOfRead(): Promise<number> {
  await lab.restart();
  expect(await lab.ask("GET", `/v1/tasks/${ids[0]}`)).toMatchObject({ id: ids[0], status: "completed" });
  for (let n = 0; n < 20; n++) await lab.ask("GET", `/v1/tasks/${ids[0]}`);
  return lab.peakMb;
}

beforeAll(async () => {
  server = await HostileServer.start();
  lab = await EdgeLab.start({ endpoints: { large: server.url }, limits: { callsPerMinute: 60_000 } });
  ids.push((await callLarge(0)).id);
  base = await peakOfRead();
  while (ids.length < TASKS) {
    const first = ids.length;
    const count = Math.min(AT_ONCE, TASKS - first);
    const tasks = await Promise.all(Array.from({ length: count }, (_, n) => callLarge(first + n)));
    ids.push(...tasks.map(({ id }) => id));
  }
}, 480_000);

afterAll(async () => {
  await lab.close();
  await server.close();
});

test(`reading one task of an object with ${TASKS} large ended tasks costs that one task`, {
  timeout: 240_000,
}, async () => {
  const added = (await peakOfRead()) - base;
  console.log(
    `GET on a quiet object with ${TASKS} tasks of ${ARGUMENT_BYTES} bytes: +${added.toFixed(0)} MB`,
  );
  expect(added).toBeLessThan(40);
});
