import { describe, expect, it } from "vitest";
import type { TaskRecord } from "../../../src/engine/record.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import type { TaskStore } from "../../../src/store/task-store.ts";
import { lab2026 } from "../../fixtures/client-lab.ts";
import { failingStore, QUOTA, type StoreMethod } from "../../fixtures/failing-store.ts";
import { FakeClock, settled } from "../../fixtures/fake-clock.ts";
import * as wire from "../../fixtures/messages-2026-07-28.ts";
import { callingRecord, runningRecord, settledRecord, T0 } from "../../fixtures/records.ts";

const DAY = 24 * 3_600_000;

/** A store with records that were settled so long ago, in ms: each is named by that. */
async function storeOf(...ages: number[]): Promise<TaskStore> {
  const store = memoryStore();
  for (const age of ages) await store.save(settledRecord({ id: `${age}`, settledAt: T0 - age }));
  return store;
}

/** The ids of what is left once a page has started on the store. */
async function left(store: TaskStore, options: Parameters<typeof lab2026>[0] = {}): Promise<string[]> {
  const { client, clock } = lab2026({ ...options, store });
  await client.resume();
  // Many are read in slices.
  await clock.advance(1);
  return ids(await store.loadSettled());
}

function ids(stored: readonly unknown[]): string[] {
  return stored.map((record) => (record as TaskRecord).id);
}

describe("settled tasks are kept", () => {
  it("for the time that was set, and then collected", async () => {
    const store = await storeOf(0, 999, 1_000, 1_001, 5_000);
    expect(await left(store, { retention: { ms: 1_000 } })).toEqual(["0", "999", "1000"]);
  });

  it("as many as were set, the latest", async () => {
    const store = await storeOf(400, 100, 300, 200);
    expect(await left(store, { retention: { count: 2 } })).toEqual(["100", "200"]);
  });

  it("by both at once", async () => {
    const store = await storeOf(100, 200, 300, 5_000);
    expect(await left(store, { retention: { count: 2, ms: 250 } })).toEqual(["100", "200"]);
    expect(await left(await storeOf(100, 200, 300), { retention: { count: 3, ms: 150 } })).toEqual(["100"]);
  });

  it("for seven days when nothing was set", async () => {
    const store = await storeOf(6 * DAY, 7 * DAY, 7 * DAY + 1);
    expect(await left(store)).toEqual([`${6 * DAY}`, `${7 * DAY}`]);
  });

  it("and no more than a thousand when nothing was set", async () => {
    const store = await storeOf(...Array.from({ length: 1_003 }, (_, age) => age));
    const kept = await left(store);
    expect(kept).toHaveLength(1_000);
    expect(kept).not.toContain("1000");
  });

  it("until a page starts: with no page nothing is lost", async () => {
    const store = await storeOf(30 * DAY);
    const { client } = lab2026({ store });
    expect((await client.list()).map(({ id }) => id)).toEqual([`${30 * DAY}`]);
    await settled();
    expect(await store.loadSettled()).toHaveLength(1);
  });
});

it("unfinished tasks are never collected, however old and however many", async () => {
  const store = memoryStore();
  const clock = new FakeClock(T0 + 365 * DAY);
  await store.save(runningRecord({ id: "running" }));
  await store.save(callingRecord({ id: "calling", generation: "2025-11-25", call: { recovery: "list" } }));
  expect(await left(store, { clock, retention: { ms: 0, count: 0 } })).toEqual([]);
  expect(ids(await store.loadActive()).sort()).toEqual(["calling", "running"]);
});

it("settled tasks that this version cannot read are never collected, and are reported", async () => {
  const store = await storeOf(30 * DAY);
  const later = { ...settledRecord({ id: "later", settledAt: 0 }), v: 99 } as unknown as TaskRecord;
  const damaged = { ...settledRecord({ id: "damaged", settledAt: 0 }), call: 7 } as unknown as TaskRecord;
  await store.save(later);
  await store.save(damaged);
  const { client, problems } = lab2026({ store, retention: { ms: 0, count: 0 } });
  await client.resume();
  await settled();
  expect(await store.loadSettled()).toEqual([later, damaged]);
  expect(problems).toMatchObject([
    { kind: "unreadable", id: "later" },
    { kind: "unreadable", id: "damaged" },
  ]);
});

it("a page that stays open collects after every hundred outcomes", async () => {
  const store = memoryStore();
  const { client, server } = lab2026({ store, retention: { count: 3 } });
  const call = async (number: number): Promise<string> => {
    const calling = client.callTool("lab", "plain");
    const reply = { ...wire.completed, taskId: `task-${number}`, resultType: "task" };
    await (await server.expect("tools/call")).reply(reply);
    return (await calling).id;
  };
  for (let number = 1; number < 100; number++) await call(number);
  expect(await store.loadSettled()).toHaveLength(99);
  await call(100);
  await settled();
  expect((await store.loadSettled()).length).toBeLessThanOrEqual(4);
});

it("a process that is woken for polls collects when something settles, and reads nothing settled before", async () => {
  const inner = await storeOf(30 * DAY);
  await inner.save(runningRecord({ id: "running", acceptedAt: T0 - DAY }));
  let looks = 0;
  const store: TaskStore = {
    ...inner,
    loadSettled: () => {
      looks++;
      return inner.loadSettled();
    },
  };
  const alarm = { time: async () => T0, set: async () => undefined };
  const { client, server } = lab2026({ store, alarm });
  await client.resume();
  await settled();
  expect(looks).toBe(0);
  const stepping = client.step();
  await (await server.expect("tasks/get")).reply({
    ...wire.completed,
    taskId: "task-1",
    resultType: "complete",
  });
  await stepping;
  await settled();
  expect(looks).toBe(1);
  expect(ids(await inner.loadSettled())).toEqual(["running"]);
});

it("a task that the store does not delete is reported, and the others are collected all the same", async () => {
  const inner = await storeOf(30 * DAY, 40 * DAY);
  const store: TaskStore = {
    ...inner,
    remove: (id) => (id === `${30 * DAY}` ? Promise.reject(QUOTA) : inner.remove(id)),
  };
  const { client, problems } = lab2026({ store });
  expect(await client.resume()).toEqual([]);
  await settled();
  expect(ids(await inner.loadSettled())).toEqual([`${30 * DAY}`]);
  expect(problems).toMatchObject([{ kind: "storage", error: QUOTA }]);
});

it("a store that cannot be read is not collected, and the start does not fail by it", async () => {
  const inner = await storeOf(30 * DAY);
  const store = failingStore(new Set<StoreMethod>(["loadSettled"]), inner);
  const { client, problems } = lab2026({ store });
  await client.resume();
  await settled();
  expect(await inner.loadSettled()).toHaveLength(1);
  expect(problems).toMatchObject([{ kind: "storage", error: QUOTA }]);
});

describe("forget", () => {
  it("deletes a settled task, for this page and later ones", async () => {
    const store = await storeOf(1, 2);
    const { client } = lab2026({ store });
    await client.forget("1");
    expect((await client.list()).map(({ id }) => id)).toEqual(["2"]);
    expect(await client.get("1")).toBeUndefined();
    expect(ids(await store.loadSettled())).toEqual(["2"]);
  });

  it("leaves a task that runs", async () => {
    const store = memoryStore();
    await store.save(runningRecord());
    const { client } = lab2026({ store });
    await client.forget("record-1");
    expect(await store.loadActive()).toHaveLength(1);
    const [task] = await client.resume();
    await client.forget(task?.id ?? "");
    expect(await store.loadActive()).toHaveLength(1);
  });

  it("of nothing does nothing", async () => {
    const store = await storeOf(1);
    await lab2026({ store }).client.forget("nobody");
    expect(await store.loadSettled()).toHaveLength(1);
  });

  it("of a task whose outcome has just come deletes it for good", async () => {
    const store = memoryStore();
    const { client, server } = lab2026({ store });
    const calling = client.callTool("lab", "plain");
    await (await server.expect("tools/call")).reply({ ...wire.completed, resultType: "task" });
    const { id } = await calling;
    await client.forget(id);
    await settled();
    expect(await store.load(id)).toBeUndefined();
    expect(await client.list()).toEqual([]);
  });
});
