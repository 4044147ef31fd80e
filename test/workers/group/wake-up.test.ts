import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { TaskRecord } from "holdfast";
import { expect, it } from "vitest";
import { spread } from "../../../src/engine/schedule.ts";
import type { Bindings } from "../../../worker/bindings.ts";
import { countTotals } from "../../../worker/operations/counters.ts";
import { GroupLife, until } from "./group-life.ts";

it.each(["2025-11-25", "2026-07-28"] as const)(
  "%s: a poll on wake-up is one request: no handshake, and no stream held before or after",
  async (generation) => {
    const life = new GroupLife(generation);
    await life.clearServer();
    await life.start({ stage_ms: 300 });
    expect(await life.wire()).not.toContain("GET");
    await evictDurableObject(life.group);
    await life.clearServer({ forgetTasks: false });
    await life.sees("tasks/get");
    expect((await life.wire())[0]).toBe("tasks/get");
    await life.settlesByItself();
    const later = new Set(await life.wire());
    expect([...later].sort()).toEqual(
      generation === "2025-11-25" ? ["tasks/get", "tasks/result"] : ["tasks/get"],
    );
  },
);

it("an object that wakes up for another reason does not poll its tasks early", async () => {
  const life = new GroupLife("2026-07-28");
  await life.clearServer();
  // Polled every two seconds.
  await life.start({ stage_ms: 4_000 });
  const due = (await runInDurableObject(life.group, (_group, { storage }) => storage.getAlarm())) ?? 0;
  let wakings = 0;
  for (; wakings < 5; wakings++) {
    await evictDurableObject(life.group);
    expect(await life.task()).toMatchObject({ status: "working" });
    const sent = await life.wire();
    // On a slow machine its time may have come.
    if (Date.now() >= due) break;
    expect(sent).not.toContain("tasks/get");
  }
  expect(wakings).toBeGreaterThan(0);
  await life.sees("tasks/get");
  expect(Date.now()).toBeGreaterThanOrEqual(due);
  await life.group.cancel(life.id);
  // Its last poll must not meet what the next test has in store for its own.
  await life.settlesByItself();
});

it("a backoff the server asked for outlasts the object: not even a cancel is sent before its end", async () => {
  const life = new GroupLife("2026-07-28");
  await life.clearServer();
  await life.refuses("tasks/get", 3);
  await life.start({ stage_ms: 60_000 });
  const heldUntil = await until(async () => {
    const stored = await runInDurableObject(life.group, (_group, { storage }) =>
      storage.sql.exec<{ record: string }>("SELECT record FROM task WHERE id = ?", life.id).one(),
    );
    return (JSON.parse(stored.record) as TaskRecord).heldUntil;
  });
  await evictDurableObject(life.group);
  await life.clearServer({ forgetTasks: false });
  await life.group.cancel(life.id);
  const quiet = await life.wire();
  if (Date.now() < heldUntil) expect(quiet).toEqual([]);
  await life.sees("tasks/cancel");
  expect(Date.now()).toBeGreaterThanOrEqual(heldUntil);
  expect(await life.settlesByItself()).toMatchObject({ status: "cancelled" });
});

it("an object that was evicted polls when its alarm goes off, also where the tick of its id is rounded up", async () => {
  // Polled every two seconds. The tick is the id's fraction of them.
  const isRoundedUp = ({ group }: GroupLife): boolean => (spread(group.id.toString()) * 2_000) % 1 > 0.5;
  let life = new GroupLife("2026-07-28");
  while (!isRoundedUp(life)) life = new GroupLife("2026-07-28");
  await life.clearServer();
  await life.start({ stage_ms: 60_000 });
  const due = (await runInDurableObject(life.group, (_group, { storage }) => storage.getAlarm())) ?? 0;
  await life.clearServer({ forgetTasks: false });
  await evictDurableObject(life.group);
  const next = await runInDurableObject(life.group, async (group, { storage }) => {
    await group.alarm({ scheduledTime: due, isRetry: false, retryCount: 0 });
    return storage.getAlarm();
  });
  // On a slow machine its time has come; else it still is that time, and no interval later. An alarm that has gone off is set anew at
  // the next ms at the earliest.
  const isPolled = (await life.wire()).includes("tasks/get");
  expect(isPolled ? due + 1 : next).toBe(due + 1);
  await life.group.cancel(life.id);
  await life.settlesByItself();
});

it("a task is counted as started although its object is evicted before its first poll", async () => {
  const started = async () => (await countTotals(env as unknown as Bindings)).started ?? 0;
  const life = new GroupLife("2026-07-28");
  await life.clearServer();
  const before = await started();
  await life.start({ stage_ms: 60_000 });
  await evictDurableObject(life.group);
  await expect.poll(started).toBe(before + 1);
  await life.group.cancel(life.id);
  await life.settlesByItself();
});
