import { afterAll, beforeAll, expect, test } from "vitest";
import { EdgeLab } from "./edge-lab.ts";
import { HostileServer } from "./hostile-server.ts";

const STREAMS = 300;
const CALLS = 10;
/** Of a task's arguments, in bytes: as many as are taken by default. */
const ARGUMENT_BYTES = 250_000;

let server: HostileServer;
let lab: EdgeLab;

beforeAll(async () => {
  server = await HostileServer.start();
  lab = await EdgeLab.start({ endpoints: { large: server.url }, limits: { callsPerMinute: 60_000 } });
}, 120_000);

afterAll(async () => {
  await lab.close();
  await server.close();
});

/** Makes events to publish: each call changes a task with large arguments several times. */
async function callAll(): Promise<void> {
  for (let n = 0; n < CALLS; n++)
    await lab.call("large", "plain", {
      text: String(n)
        .padEnd(8, "-")
        .repeat(ARGUMENT_BYTES / 8),
    });
}

test(`${STREAMS} event streams that nobody reads cost no copy of what they have not read`, {
  timeout: 240_000,
}, async () => {
  // The calls themselves have their price, and the worker's heap grows with the first of them.
  for (let round = 0; round < 3; round++) await callAll();
  const idle = lab.peakMb;
  const leaving = new AbortController();
  const replies = await Promise.all(
    Array.from({ length: STREAMS }, () => lab.fetch("GET", "/v1/events", undefined, leaving.signal)),
  );
  const open = replies.filter(({ status }) => status === 200).length;
  // Connections have their price, in `wrangler dev` twice: it is not what the events cost.
  const before = lab.peakMb;
  await callAll();
  const added = lab.peakMb - before;
  const opening = before - idle;
  console.log(
    `${STREAMS} streams asked for, ${open} open: +${opening.toFixed(0)} MB; unread events: +${added.toFixed(0)} MB`,
  );
  expect(replies.every(({ status }) => status === 200 || status === 429)).toBe(true);
  expect(open).toBe(32);
  expect(added).toBeLessThan(100);
  leaving.abort();
});
