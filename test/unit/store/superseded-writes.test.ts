import "fake-indexeddb/auto";
import { DatabaseSync } from "node:sqlite";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";
import { SqliteTaskStore } from "../../../src/durable-object/sqlite-store.ts";
import type { ObjectStorage } from "../../../src/durable-object/storage.ts";
import { alarmedStore } from "../../../src/extension/alarmed-store.ts";
import type { ExtensionAlarm } from "../../../src/extension/extension-alarm.ts";
import { indexedDbStore } from "../../../src/store/indexeddb.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import type { TaskStore } from "../../../src/store/task-store.ts";
import { lab2026 } from "../../fixtures/client-lab.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import { runningRecord, settledRecord } from "../../fixtures/records.ts";

/** The SQL of a Durable Object's storage, on the SQLite of Node. */
function sqlStorage(): ObjectStorage {
  const database = new DatabaseSync(":memory:");
  return {
    sql: {
      exec: (query, ...bindings) => ({
        toArray: () =>
          database.prepare(query).all(...bindings) as ReturnType<
            ReturnType<ObjectStorage["sql"]["exec"]>["toArray"]
          >,
      }),
    },
    transactionSync: (work) => work(),
    getAlarm: async () => null,
    setAlarm: async () => undefined,
  };
}

const ALARM = { during: <T>(work: () => Promise<T>) => work() } as unknown as ExtensionAlarm;

const STORES: Record<string, () => TaskStore> = {
  memoryStore: () => memoryStore(),
  indexedDbStore: () => indexedDbStore("tasks"),
  SqliteTaskStore: () => new SqliteTaskStore(sqlStorage()),
  alarmedStore: () => alarmedStore(indexedDbStore("tasks"), ALARM, () => undefined),
};

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

describe.each(Object.entries(STORES))("save() of %s", (_name, open) => {
  it("refuses a record that follows on another than the stored one, whatever its rev", async () => {
    const store = open();
    await store.save(runningRecord({ rev: 3 }));
    expect(await store.save(runningRecord({ rev: 9, taskId: "other" }), 2)).toBe(false);
    expect(await store.load("record-1")).toMatchObject({ rev: 3, taskId: "task-1" });
    expect(await store.save(runningRecord({ rev: 9, immediateResponse: "new" }), 3)).toBe(true);
    expect(await store.load("record-1")).toMatchObject({ rev: 9, immediateResponse: "new" });
  });

  it.each([
    ["an unfinished record", runningRecord({ rev: 4 })],
    ["an outcome", settledRecord({ rev: 4 })],
  ])("refuses %s that follows on one that was deleted", async (_what, late) => {
    const store = open();
    await store.save(runningRecord({ rev: 3 }));
    await store.remove("record-1");
    expect(await store.save(late, 3)).toBe(false);
    expect(await store.load("record-1")).toBeUndefined();
    expect([...(await store.loadActive()), ...(await store.loadSettled())]).toEqual([]);
  });

  it("takes a record that follows on none, whatever its rev: its earlier writes failed", async () => {
    const store = open();
    expect(await store.save(runningRecord({ rev: 5 }))).toBe(true);
    expect(await store.loadActive()).toHaveLength(1);
  });
});

it("A task that another tab deletes with force ends as lost in the tab that runs it, and is not written again", async () => {
  const store = memoryStore();
  await store.save(runningRecord());
  const { client, server } = lab2026({ store });
  const [task] = await client.resume();
  await settled();
  // The other tab dies before it tells this one.
  await store.remove("record-1");
  await task?.cancel();
  await settled();
  expect(task?.view.outcome).toMatchObject({ kind: "lost" });
  expect(await client.list()).toEqual([]);
  expect(await store.loadActive()).toEqual([]);
  const before = server.arrivals.length;
  client.nudge();
  await settled();
  expect(server.arrivals).toHaveLength(before);
  await client.close();
});
