import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { ObjectStorage } from "holdfast/durable-object";
import { expect, it } from "vitest";
import { SqliteTaskStore } from "../../../src/durable-object/sqlite-store.ts";
import type { TaskRecord } from "../../../src/engine/record.ts";
import { taskJson } from "../../../src/task-json.ts";
import { countedStorage } from "../../../worker/objects/counted-storage.ts";
import { Counters } from "../../../worker/operations/counters.ts";
import { runningRecord, settledRecord } from "../../fixtures/records.ts";

/** The storage of an object of its own. */
function inNewObject(work: (storage: DurableObjectStorage) => Promise<void>): Promise<void> {
  const group = env.TASK_GROUP.getByName(crypto.randomUUID());
  return runInDurableObject(group, (_object, { storage }) => work(storage));
}

it("each change of a task writes one row, its outcome too, and reads no more than its own", () =>
  inNewObject(async (storage) => {
    const counters = new Counters();
    const store = new SqliteTaskStore(countedStorage(storage, counters));
    for (let other = 0; other < 20; other++) await store.save(runningRecord({ id: `other-${other}` }));
    store.position();
    counters.take();
    for (const record of [
      runningRecord({ id: "a", rev: 1 }),
      runningRecord({ id: "a", rev: 2 }),
      settledRecord({ id: "a", rev: 3 }),
    ]) {
      expect(await store.save(record)).toBe(true);
      const { rows_written = 0, rows_read = 0 } = counters.take() ?? {};
      expect(rows_written).toBe(1);
      expect(rows_read).toBeLessThanOrEqual(2);
    }
    expect(await store.save(runningRecord({ id: "a", rev: 9 })), "an outcome is final").toBe(false);
    expect(counters.take()?.rows_written).toBeUndefined();
  }));

it("it counts the unfinished as they come and go, and a new life counts the same", () =>
  inNewObject(async (storage) => {
    const store = new SqliteTaskStore(storage);
    const counted = (): [number, number] => [store.activeCount(), new SqliteTaskStore(storage).activeCount()];
    expect(counted()).toEqual([0, 0]);
    for (const id of ["a", "b", "c"]) await store.save(runningRecord({ id, rev: 1 }));
    await store.save(runningRecord({ id: "a", rev: 2 }));
    expect(counted()).toEqual([3, 3]);
    await store.save(settledRecord({ id: "a", rev: 3 }));
    await store.save(settledRecord({ id: "plain", rev: 1 }));
    await store.remove("b");
    await store.remove("b");
    await store.remove("plain");
    expect(counted()).toEqual([1, 1]);
    expect([store.has("a"), store.has("b"), store.has("c")]).toEqual([true, false, true]);
  }));

it("tasks of an object with the earlier tables are all there, in their order, and none is taken back", () =>
  inNewObject(async (storage) => {
    earlierTables(storage, [
      ["active", runningRecord({ id: "running", rev: 4 }), 11],
      ["settled", settledRecord({ id: "done", rev: 7 }), 12],
    ]);
    storage.sql.exec("INSERT INTO active VALUES ('damaged', 't', 'working', 13, '{', '')");
    for (let life = 0; life < 2; life++) {
      const store = new SqliteTaskStore(storage);
      expect(await store.load("running")).toMatchObject({ id: "running", rev: 4 });
      expect(await store.loadSettled()).toMatchObject([{ id: "done", rev: 7 }]);
      expect(store.activeCount()).toBe(2);
      expect(store.position()).toBe(13);
      expect(store.changes(11, "done").map(({ seq }) => seq)).toEqual([12]);
      expect(await store.save(runningRecord({ id: "running", rev: 4 })), "the same revision").toBe(false);
      expect(await store.save(runningRecord({ id: "done", rev: 8 })), "an outcome is final").toBe(false);
    }
    const tables = storage.sql.exec("SELECT name FROM sqlite_master WHERE name IN ('active', 'settled')");
    expect(tables.toArray()).toEqual([]);
  }));

/** As version 0.1.0 made and filled them. */
function earlierTables({ sql }: ObjectStorage, rows: ["active" | "settled", TaskRecord, number][]): void {
  for (const table of ["active", "settled"]) {
    sql.exec(
      `CREATE TABLE ${table} (id TEXT PRIMARY KEY, tool TEXT NOT NULL, status TEXT NOT NULL,
       seq INTEGER NOT NULL, record TEXT NOT NULL, log TEXT NOT NULL) WITHOUT ROWID`,
    );
  }
  for (const [table, record, seq] of rows) {
    const task = taskJson({ record }, false);
    sql.exec(
      `INSERT INTO ${table} VALUES (?, ?, ?, ?, ?, ?)`,
      ...[
        record.id,
        record.call.name,
        task.status,
        seq,
        JSON.stringify(record),
        `${seq} ${JSON.stringify(task)}`,
      ],
    );
  }
}
