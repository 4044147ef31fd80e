import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { GroupLife } from "./group-life.ts";

/** A server whose handshake takes longer than a caller should wait for a handle. */
async function lateLife(): Promise<GroupLife> {
  const life = new GroupLife("2025-11-25");
  await life.clearServer();
  await life.delays("initialize", 1_500);
  return life;
}

it("a call whose server cannot be reached in time is queued, and sent as soon as the server answers", async () => {
  const life = await lateLife();
  const reply = await life.start({}, {}, 300);
  expect(reply).toMatchObject({ ok: true, value: { id: life.id, status: "queued" } });
  expect(await life.task()).toMatchObject({ status: "queued" });
  expect(await life.group.active([])).toMatchObject({ tasks: 1 });
  expect(await life.group.tasks({ limit: 10 })).toMatchObject({ tasks: [{ id: life.id }] });
  expect(await life.settlesByItself()).toMatchObject({ status: "completed" });
  expect((await life.wire()).filter((method) => method === "tools/call")).toHaveLength(1);
});

it("a queued call outlives the object that accepted it", async () => {
  const life = await lateLife();
  await life.start({}, {}, 300);
  await abortAllDurableObjects();
  await runDurableObjectAlarm(life.group);
  expect(await life.settlesByItself()).toMatchObject({ status: "completed" });
  expect((await life.wire()).filter((method) => method === "tools/call")).toHaveLength(1);
});

it("a queued call that is cancelled before it is sent is never sent", async () => {
  const life = await lateLife();
  await life.start({}, {}, 300);
  await abortAllDurableObjects();
  expect(await life.group.cancel(life.id)).toMatchObject({ ok: true, value: { status: "cancelled" } });
  await runDurableObjectAlarm(life.group);
  expect(await life.task()).toMatchObject({
    status: "cancelled",
    outcome: { kind: "cancelled", confirmed: true },
  });
  expect((await life.wire()).filter((method) => method === "tools/call")).toHaveLength(0);
});

it("a queued call that is cancelled during the handshake is not sent after it", async () => {
  const life = await lateLife();
  await life.start({}, {}, 300);
  expect(await life.group.cancel(life.id)).toMatchObject({ ok: true, value: { status: "cancelled" } });
  // Whatever it does of its own accord has been done when another call has settled.
  const other = new GroupLife("2025-11-25");
  Object.assign(other, { identity: life.identity });
  await other.start({});
  await other.settlesByItself();
  expect(await life.task()).toMatchObject({ status: "cancelled", outcome: { confirmed: true } });
  expect((await life.wire()).filter((method) => method === "tools/call")).toHaveLength(1);
});

it("a queued call that is requested again while its first attempt fails stays queued, with its webhook", async () => {
  const life = await lateLife();
  await life.refuses("tools/list", 1);
  const webhook = "https://hooks.example/told";
  await life.start({}, { webhook }, 300);
  // Answered when the attempt has failed.
  expect(await life.start({}, { webhook }, 10_000)).toMatchObject({ ok: true, value: { status: "working" } });
  expect(await life.settlesByItself()).toMatchObject({ status: "completed" });
  const orders = await runInDurableObject(life.group, (_group, { storage }) =>
    storage.sql.exec("SELECT id FROM webhook").toArray(),
  );
  expect(orders).toEqual([{ id: life.id }]);
});

it("a second call with the same id starts nothing", async () => {
  const life = new GroupLife("2026-07-28");
  await life.clearServer();
  const replies = await Promise.all([life.start({}), life.start({}), life.start({})]);
  expect(new Set(replies.map((reply) => reply.ok && reply.value.id))).toEqual(new Set([life.id]));
  await life.settlesByItself();
  expect(await life.start({})).toMatchObject({ ok: true, value: { status: "completed" } });
  expect((await life.wire()).filter((method) => method === "tools/call")).toHaveLength(1);
});

it("a call that an earlier version queued in a table of its own is sent once", async () => {
  const life = new GroupLife("2026-07-28");
  await life.clearServer();
  const call = { id: life.id, tool: "acquire_paper", arguments: { doi: "10.1/kelp", stage_ms: 20 } };
  await runInDurableObject(life.group, (_group, { storage }) => {
    storage.kv.put("identity", life.identity);
    storage.sql.exec("CREATE TABLE late_call (id TEXT PRIMARY KEY, call TEXT NOT NULL) WITHOUT ROWID");
    storage.sql.exec("INSERT INTO late_call (id, call) VALUES (?, ?)", life.id, JSON.stringify(call));
  });
  await abortAllDurableObjects();
  expect(await life.task()).toMatchObject({ id: life.id, tool: "acquire_paper" });
  expect(await life.settlesByItself()).toMatchObject({ status: "completed" });
  expect((await life.wire()).filter((method) => method === "tools/call")).toHaveLength(1);
  const tables = await runInDurableObject(life.group, (_group, { storage }) =>
    storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'late_call'").toArray(),
  );
  expect(tables).toEqual([]);
});
