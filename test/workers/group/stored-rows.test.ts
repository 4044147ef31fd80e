import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { TaskView } from "holdfast";
import { DurableTasks } from "holdfast/durable-object";
import { expect, it } from "vitest";
import budget from "../../../bench/budget.json" with { type: "json" };
import { SqliteTaskStore } from "../../../src/durable-object/sqlite-store.ts";
import { countedStorage } from "../../../worker/group/counted-storage.ts";
import { Counters } from "../../../worker/operations/counters.ts";
import { recordOfView } from "../../fixtures/record-of-view.ts";
import { callingRecord, runningRecord } from "../../fixtures/records.ts";

const RUNNING: TaskView = {
  id: "a",
  endpoint: "lab",
  generation: "2026-07-28",
  tool: "acquire_paper",
  arguments: { doi: "10.1/kelp" },
  status: "working",
  rev: 1,
  createdAt: 1_000,
  taskId: "task-1",
  inputRequests: [],
  cancelling: false,
};
const DONE: TaskView = {
  ...RUNNING,
  status: "completed",
  settledAt: 2_000,
  outcome: { kind: "completed", result: { content: [] } },
};

/** A new life of the object: it has only what is stored. */
function lifeOn(storage: DurableObjectStorage, counters = new Counters()): DurableTasks {
  const state = { id: { toString: () => "object" }, storage: countedStorage(storage, counters) };
  return new DurableTasks(state, { endpoints: {} });
}

/** The storage of an object of its own, which no worker uses. */
function inNewObject(work: (storage: DurableObjectStorage) => Promise<void>): Promise<void> {
  const group = env.TASK_GROUP.getByName(crypto.randomUUID());
  return runInDurableObject(group, (_object, { storage }) => work(storage));
}

it(`each change of a task writes at most ${budget.rowsPerChange} row, its outcome too, and reads no row of another`, () =>
  inNewObject(async (storage) => {
    const counters = new Counters();
    const tasks = lifeOn(storage, counters);
    for (let other = 0; other < 20; other++)
      await tasks.record(recordOfView({ ...RUNNING, id: `other-${other}` }));
    counters.take();
    for (const change of [RUNNING, { ...RUNNING, rev: 2 }, { ...DONE, rev: 3 }]) {
      await tasks.record(recordOfView(change));
      const { rows_written, rows_read = 0 } = counters.take() ?? {};
      expect(rows_written).toBeGreaterThan(0);
      expect(rows_written).toBeLessThanOrEqual(budget.rowsPerChange);
      expect(rows_read).toBeLessThanOrEqual(2);
    }
    await tasks.record(recordOfView({ ...RUNNING, rev: 9 }));
    expect(counters.take()?.rows_written, "an outcome is final").toBeUndefined();
  }));

it("the count of active tasks follows each change, and is the same after a restart of the object", () =>
  inNewObject(async (storage) => {
    const tasks = lifeOn(storage);
    const counted = (): [number, number] => [tasks.activeCount(), lifeOn(storage).activeCount()];
    expect(counted()).toEqual([0, 0]);
    for (const id of ["a", "b", "c"]) await tasks.record(recordOfView({ ...RUNNING, id }));
    await tasks.record(recordOfView({ ...RUNNING, rev: 2 }));
    expect(counted()).toEqual([3, 3]);
    await tasks.record(recordOfView({ ...DONE, rev: 3 }));
    await tasks.record(recordOfView({ ...DONE, id: "plain" }));
    expect(counted()).toEqual([2, 2]);
    await tasks.client.forget("a");
    expect(counted()).toEqual([2, 2]);
    expect(["a", "b", "plain"].map((id) => tasks.has(id))).toEqual([false, true, true]);
  }));

it("the first records of calls that came together are written in one turn, which is one commit", () =>
  inNewObject(async (storage) => {
    let turn = 0;
    const inserted: number[] = [];
    const counted = countedStorage(storage, new Counters());
    const store = new SqliteTaskStore({
      ...counted,
      sql: {
        exec(query, ...bindings) {
          if (query.startsWith("INSERT INTO task")) inserted.push(turn);
          return counted.sql.exec(query, ...bindings);
        },
      },
    });
    const writes = ["a", "b", "c"].map((id) => {
      store.defer(id, true);
      return store.save(callingRecord({ id }));
    });
    for (let tick = 0; tick < 10; tick++) await Promise.resolve();
    expect(inserted).toEqual([]);
    setTimeout(() => {
      turn += 1;
    });
    expect(await Promise.all(writes)).toEqual([true, true, true]);
    expect(inserted).toEqual([0, 0, 0]);
    // It has become a task: this is not the first record, and waits for nothing.
    expect(await store.save(runningRecord({ id: "a", rev: 2 }))).toBe(true);
    expect(inserted).toHaveLength(4);
  }));

it("records that the engine did not run are retained like others: the latest of them", () =>
  inNewObject(async (storage) => {
    const state = { id: { toString: () => "object" }, storage: countedStorage(storage, new Counters()) };
    const tasks = new DurableTasks(state, { endpoints: {}, retention: { count: 10 } });
    const gone: string[] = [];
    tasks.client.subscribe(
      () => undefined,
      (id) => gone.push(id),
    );
    const ids = Array.from({ length: 200 }, (_, n) => `plain-${String(n).padStart(3, "0")}`);
    for (const id of ids) await tasks.record(recordOfView({ ...DONE, id, settledAt: Date.now() }), true);
    expect(tasks.tasks({ limit: 200 }).tasks.map(({ id }) => id)).toEqual(ids.slice(-10).reverse());
    expect(gone).toEqual(ids.slice(0, -10));
  }));

it("a task is deleted with its parts and its notes, also by a later life of the object", () =>
  inNewObject(async (storage) => {
    const content = [{ type: "text", text: "x".repeat(100_000) }];
    const long: TaskView = { ...DONE, outcome: { kind: "completed", result: { content } } };
    const rows = (): number =>
      ["task", "result", "delivery"].reduce(
        (sum, table) => sum + storage.sql.exec(`SELECT 1 FROM ${table}`).toArray().length,
        0,
      );
    for (const deleter of [(tasks: DurableTasks) => tasks, () => lifeOn(storage)]) {
      const tasks = lifeOn(storage);
      await tasks.record(recordOfView(long));
      storage.sql.exec("INSERT INTO delivery (id, note) VALUES ('a', '{}')");
      expect(rows()).toBe(3);
      await deleter(tasks).client.forget("a");
      expect(rows()).toBe(0);
    }
  }));

it("a task with long and frequent messages stays within Cloudflare's 2 MB a row", () =>
  inNewObject(async (storage) => {
    const tasks = lifeOn(storage);
    // In letters of three bytes.
    const immediateResponse = "日".repeat(20 * 1024);
    const changes = 50;
    for (let rev = 1; rev < changes; rev++)
      await tasks.record(recordOfView({ ...RUNNING, rev, immediateResponse }));
    await tasks.record(recordOfView({ ...DONE, rev: changes, immediateResponse }));
    const bytes = "length(CAST(record AS BLOB)) + length(CAST(log AS BLOB)) AS bytes";
    expect(storage.sql.exec(`SELECT ${bytes} FROM task`).one().bytes).toBeLessThan(2_000_000);
    const revs = [...(tasks.changes(0, "a") ?? [])].map(({ task }) => task.rev);
    expect(revs.length).toBeGreaterThan(9);
    expect(revs).toEqual(revs.map((_, index) => changes - revs.length + 1 + index));
  }));

it("tasks of an object with the earlier tables are all there, with the changes that were published", () =>
  inNewObject(async (storage) => {
    const before = lifeOn(storage);
    await before.record(recordOfView({ ...RUNNING, id: "running", rev: 4 }));
    await before.record(recordOfView({ ...DONE, id: "done", rev: 7 }));
    const published = [...(before.changes(0) ?? [])];
    toEarlierTables(storage.sql);
    storage.sql.exec("INSERT INTO active VALUES ('damaged', 't', 'working', 13, '{', '')");

    for (let life = 0; life < 2; life++) {
      const tasks = lifeOn(storage);
      expect(tasks.activeCount()).toBe(2);
      expect(tasks.position()).toBe(published.at(-1)?.seq);
      expect(published.flatMap(({ task }) => [...(tasks.changes(0, task.id) ?? [])])).toEqual(published);
      expect(await tasks.task("done")).toEqual({ ...DONE, id: "done", rev: 7 });
      // The same revision, and one after the outcome: neither is newer than what was moved.
      await tasks.record(recordOfView({ ...RUNNING, id: "running", rev: 4, tool: "another" }));
      await tasks.record(recordOfView({ ...RUNNING, id: "done", rev: 8 }));
      expect(await tasks.task("running")).toMatchObject({ rev: 4, tool: "acquire_paper" });
      expect(await tasks.task("done")).toMatchObject({ rev: 7, status: "completed" });
    }
    const names = storage.sql.exec("SELECT name FROM sqlite_master WHERE name IN ('active', 'settled')");
    expect(names.toArray()).toEqual([]);
  }));

/** As objects had them before all tasks came to lie in one table. */
function toEarlierTables(sql: SqlStorage): void {
  for (const [table, settled] of Object.entries({ active: 0, settled: 1 })) {
    sql.exec(
      `CREATE TABLE ${table} (id TEXT PRIMARY KEY, tool TEXT NOT NULL, status TEXT NOT NULL,
       seq INTEGER NOT NULL, record TEXT NOT NULL, log TEXT NOT NULL) WITHOUT ROWID`,
    );
    sql.exec(
      `INSERT INTO ${table} SELECT id, tool, status, seq, record, log FROM task WHERE settled = ?`,
      settled,
    );
  }
  sql.exec("DROP TABLE task");
}
