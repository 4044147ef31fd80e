import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { TaskView } from "holdfast";
import { DurableTasks } from "holdfast/durable-object";
import { expect, it, vi } from "vitest";
import { countedStorage } from "../../../worker/group/counted-storage.ts";
import { Counters } from "../../../worker/operations/counters.ts";
import { recordOfView } from "../../fixtures/record-of-view.ts";

const MB = 1_000_000;

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

function failed(message: string): TaskView {
  const outcome = { kind: "failed", error: { reason: "rpc", message } } as const;
  return { ...RUNNING, rev: 2, status: "failed", settledAt: 2_000, outcome };
}

/** An object's storage that counts the characters that are read from it. */
class ReadStorage {
  characters = 0;
  readonly storage: DurableTasksStorage;

  constructor(storage: DurableObjectStorage) {
    const counted = countedStorage(storage, new Counters());
    this.storage = {
      ...counted,
      sql: {
        exec: (query, ...bindings) => {
          const rows = counted.sql.exec(query, ...bindings).toArray();
          for (const row of rows) this.characters += JSON.stringify(row).length;
          return { toArray: () => rows };
        },
      },
    };
  }
}

type DurableTasksStorage = ConstructorParameters<typeof DurableTasks>[0]["storage"];

function lifeOn(
  storage: DurableTasksStorage,
  retention: { readonly ms?: number; readonly count?: number } = {},
): DurableTasks {
  return new DurableTasks({ id: { toString: () => "object" }, storage }, { endpoints: {}, retention });
}

/** The storage of an object of its own, which no worker uses. */
function inNewObject(work: (storage: DurableObjectStorage) => Promise<void>): Promise<void> {
  const group = env.TASK_GROUP.getByName(crypto.randomUUID());
  return runInDurableObject(group, (_object, { storage }) => work(storage));
}

it("housekeeping reads no record, whatever the settled tasks hold", () =>
  inNewObject(async (storage) => {
    const tasks = lifeOn(countedStorage(storage, new Counters()));
    for (let n = 0; n < 20; n++)
      await tasks.record(
        recordOfView({ ...failed("No kelp"), id: `done-${n}`, arguments: { text: "x".repeat(MB / 10) } }),
      );
    const read = new ReadStorage(storage);
    const next = lifeOn(read.storage, { count: 5 });
    await next.resume();
    await vi.waitFor(() => expect(next.has("done-0")).toBe(false));
    expect(read.characters).toBeLessThan(10_000);
    await vi.waitFor(() => expect(next.tasks({ limit: 100 }).tasks).toHaveLength(5));
  }));

it("housekeeping keeps the latest tasks, those within the configured retention, and records it cannot read", () =>
  inNewObject(async (storage) => {
    const counted = countedStorage(storage, new Counters());
    const tasks = lifeOn(counted);
    for (const id of ["old", "damaged", "newer-version", "fresh"])
      await tasks.record(recordOfView({ ...failed("No kelp"), id }));
    await tasks.record(recordOfView({ ...RUNNING, id: "running" }));
    const long = Date.now() - 8 * 24 * 3_600_000;
    storage.sql.exec("UPDATE task SET seq = seq - ? WHERE id != 'fresh'", Date.now() - long);
    storage.sql.exec("UPDATE task SET record = '{' WHERE id = 'damaged'");
    storage.sql.exec("UPDATE task SET record = json_set(record, '$.v', 99) WHERE id = 'newer-version'");
    const next = lifeOn(counted);
    await next.resume();
    await vi.waitFor(() => expect(next.has("old")).toBe(false));
    expect(["damaged", "newer-version", "fresh", "running"].map((id) => next.has(id))).toEqual([
      true,
      true,
      true,
      true,
    ]);
  }));

it.each([
  ["arguments", { ...RUNNING, arguments: { text: "日".repeat(3 * MB) } }],
  ["a failure", failed("日".repeat(3 * MB))],
  ["a text for the model", { ...RUNNING, immediateResponse: "日".repeat(3 * MB) }],
  ["a task id", { ...RUNNING, taskId: "日".repeat(3 * MB) }],
  [
    "a question",
    {
      ...RUNNING,
      status: "input_required",
      inputRequests: [{ key: "q", method: "elicitation/create", params: { message: "日".repeat(3 * MB) } }],
    },
  ],
] satisfies [string, TaskView][])(
  "a record of 9 MB is stored whole, in rows of less than 2 MB: %s",
  (_what, task) =>
    inNewObject(async (storage) => {
      const counted = countedStorage(storage, new Counters());
      const tasks = lifeOn(counted);
      await tasks.record(recordOfView(task));
      expect(await lifeOn(counted).task("a")).toEqual(task);
      const sizes = [
        ...storage.sql.exec(
          "SELECT length(CAST(record AS BLOB)) + length(CAST(log AS BLOB)) AS bytes FROM task",
        ),
        ...storage.sql.exec("SELECT length(CAST(text AS BLOB)) AS bytes FROM result"),
      ].map(({ bytes }) => Number(bytes));
      expect(sizes.length).toBeGreaterThan(4);
      expect(Math.max(...sizes)).toBeLessThan(2 * MB);
      // A shorter record leaves nothing of the longer one behind.
      await tasks.client.forget("a", { force: true });
      expect(storage.sql.exec("SELECT id FROM result").toArray()).toEqual([]);
    }),
);

it("a record that becomes short again has its row to itself", () =>
  inNewObject(async (storage) => {
    const counted = countedStorage(storage, new Counters());
    const tasks = lifeOn(counted);
    await tasks.record(recordOfView({ ...RUNNING, immediateResponse: "x".repeat(2 * MB) }));
    await tasks.record(recordOfView({ ...RUNNING, rev: 2 }));
    expect(storage.sql.exec("SELECT id FROM result").toArray()).toEqual([]);
    expect(await lifeOn(counted).task("a")).toEqual({ ...RUNNING, rev: 2 });
  }));

it("a page of a list is bounded by its length, and the next one goes on from there", () =>
  inNewObject(async (storage) => {
    const tasks = lifeOn(countedStorage(storage, new Counters()));
    const message = "x".repeat(15_000);
    const question = { key: "q", method: "elicitation/create", params: { message } } as const;
    for (let n = 0; n < 200; n++) {
      const id = `task-${String(n).padStart(3, "0")}`;
      await tasks.record(
        recordOfView({ ...RUNNING, id, status: "input_required", inputRequests: [question] }),
      );
    }
    const seen: string[] = [];
    let pages = 0;
    for (let before: string | undefined; ; pages++) {
      const page = tasks.tasks({ limit: 1_000, ...(before !== undefined && { before }) });
      expect(JSON.stringify(page).length).toBeLessThan(1.1 * 2 ** 20);
      seen.push(...page.tasks.map(({ id }) => id));
      if (!page.full) break;
      before = seen.at(-1);
    }
    expect(pages).toBeGreaterThan(1);
    expect(seen).toEqual(Array.from({ length: 200 }, (_, n) => `task-${String(199 - n).padStart(3, "0")}`));
  }));

it("lists and replayed changes omit long arguments, and say so", () =>
  inNewObject(async (storage) => {
    const tasks = lifeOn(countedStorage(storage, new Counters()));
    const whole = { ...RUNNING, arguments: { text: "x".repeat(200_000) } };
    for (let rev = 1; rev <= 50; rev++) await tasks.record(recordOfView({ ...whole, rev }));
    const changes = [...(tasks.changes(0) ?? [])];
    expect(changes.map(({ task }) => task.rev)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
    expect(JSON.stringify(changes).length).toBeLessThan(50_000);
    for (const { task } of changes) expect(task).toMatchObject({ arguments: {}, omitted: ["arguments"] });
    expect(tasks.tasks({ limit: 1 }).tasks).toMatchObject([{ arguments: {}, omitted: ["arguments"] }]);
    expect(await tasks.task("a")).toEqual({ ...whole, rev: 50 });
  }));

it("a watcher who missed more than is replayed receives no changes", () =>
  inNewObject(async (storage) => {
    const tasks = lifeOn(countedStorage(storage, new Counters()));
    const message = "x".repeat(15_000);
    const question = { key: "q", method: "elicitation/create", params: { message } } as const;
    for (let n = 0; n < 60; n++)
      await tasks.record(recordOfView({ ...RUNNING, id: `task-${n}`, inputRequests: [question] }));
    expect(tasks.changes(0)).toBeUndefined();
    expect([...(tasks.changes(tasks.position() - 1) ?? [])]).toHaveLength(1);
    expect([...(tasks.changes(0, "task-3") ?? [])]).toHaveLength(1);
  }));

it("the weight of active tasks counts arguments, questions and small values, also of an earlier life", () =>
  inNewObject(async (storage) => {
    const counted = countedStorage(storage, new Counters());
    const tasks = lifeOn(counted);
    await tasks.record(recordOfView({ ...RUNNING, id: "long", arguments: { text: "x".repeat(MB) } }));
    await tasks.record(recordOfView({ ...RUNNING, id: "many", arguments: { list: Array(50_000).fill({}) } }));
    const question = { key: "q", method: "elicitation/create", params: { message: "x".repeat(MB / 5) } };
    await tasks.record(
      recordOfView({ ...RUNNING, id: "asking", status: "input_required", inputRequests: [question] }),
    );
    const weight = tasks.activeWeight();
    expect(weight).toBeGreaterThan(4 * MB);
    expect(weight).toBeLessThan(5 * MB);
    const next = lifeOn(counted);
    await next.resume();
    expect(next.activeWeight()).toBe(weight);
    for (const id of ["long", "many"]) await next.record(recordOfView({ ...failed("No kelp"), id }));
    await next.client.forget("asking", { force: true });
    expect(next.activeWeight()).toBe(0);
  }));
