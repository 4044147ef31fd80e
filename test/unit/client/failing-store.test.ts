import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TaskRecord } from "../../../src/engine/record.ts";
import { type Task, TaskLostError } from "../../../src/index.ts";
import { indexedDbStore } from "../../../src/store/indexeddb.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import type { TaskStore } from "../../../src/store/task-store.ts";
import { type Lab, lab2026 } from "../../fixtures/client-lab.ts";
import { failingStore, QUOTA, STORE_METHODS, type StoreMethod } from "../../fixtures/failing-store.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import * as wire from "../../fixtures/messages-2026-07-28.ts";
import { callingRecord, runningRecord, snapshotOf } from "../../fixtures/records.ts";

const asking = { ...wire.inputRequired, inputRequests: { name: wire.inputRequests.name } };
const half = { ...wire.working, statusMessage: "half", lastUpdatedAt: "2025-11-25T11:00:00Z" };

async function start({ client, server }: Lab): Promise<Task> {
  const calling = client.callTool("lab", "plain");
  await (await server.expect("tools/call")).reply(wire.createTaskResult);
  return calling;
}

async function poll({ server, clock }: Lab, task: object): Promise<void> {
  await clock.advance(5_000);
  await (await server.expect("tasks/get")).reply(wire.getTaskResult(task));
}

/** A whole task, with a question, a second task that is cancelled, and all that a page asks of its client. */
async function wholeStory(lab: Lab): Promise<void> {
  const { client, server } = lab;
  expect(await client.resume()).toEqual([]);
  const task = await start(lab);
  expect(task.view.status).toBe("working");
  expect(await client.get(task.id)).toBe(task);
  expect(await client.resume()).toEqual([task]);
  await poll(lab, asking);
  await task.answer("name", wire.inputResponses.name);
  await (await server.expect("tasks/update")).reply(wire.acknowledgement);
  expect((await client.list()).map(({ id }) => id)).toEqual([task.id]);
  await poll(lab, { ...wire.completed, lastUpdatedAt: "2025-11-25T11:01:00Z" });
  expect(await task.result()).toEqual(wire.toolResult);

  const second = await start(lab);
  await second.cancel();
  await (await server.expect("tasks/cancel")).reply(wire.acknowledgement);
  await poll(lab, wire.cancelled);
  expect(second.view.status).toBe("cancelled");
  expect(server.methods.filter((method) => method === "tools/call")).toHaveLength(2);
}

describe.each<[string, readonly StoreMethod[]]>([
  ["writes nothing", ["save", "remove", "saveSession"]],
  ["reads nothing", ["load", "loadActive", "loadSettled", "loadSession"]],
  ["does nothing at all", STORE_METHODS],
])("with a store that %s", (_what, methods) => {
  it("tasks run in memory from the call to the result, and the app is notified", async () => {
    const lab = lab2026({ store: failingStore(new Set(methods)) });
    await wholeStory(lab);
    expect(lab.problems.length).toBeGreaterThan(0);
    for (const problem of lab.problems) expect(problem).toMatchObject({ kind: "storage", error: QUOTA });
  });
});

it("every method of a store may fail alone, and tasks run all the same", async () => {
  for (const method of STORE_METHODS) {
    await wholeStory(lab2026({ store: failingStore(new Set([method])) }));
  }
});

describe("when the disk is full", () => {
  it("the app is notified of the task that could not be stored", async () => {
    const lab = lab2026({ store: failingStore(new Set<StoreMethod>(["save"])) });
    const task = await start(lab);
    expect(lab.problems).toContainEqual({
      kind: "storage",
      id: task.id,
      error: QUOTA,
      message: expect.stringContaining(task.id),
    });
  });

  it("a stored task keeps what was stored last, and a later page takes it up from there", async () => {
    const failing = new Set<StoreMethod>();
    const store = failingStore(failing);
    const lab = lab2026({ store });
    const task = await start(lab);
    const durable = await store.inner.load(task.id);
    expect(durable).toMatchObject({ stage: "running", taskId: wire.TASK_ID });
    failing.add("save");
    await poll(lab, half);
    await poll(lab, { ...wire.completed, lastUpdatedAt: "2025-11-25T11:01:00Z" });
    expect(task.view.status).toBe("completed");
    expect(await store.inner.load(task.id)).toEqual(durable);
    await lab.client.close();

    const later = lab2026({ store: store.inner });
    const [again] = await later.client.resume();
    expect(again?.id).toBe(task.id);
    await poll(later, wire.completed);
    expect(await again?.result()).toEqual(wire.toolResult);
  });

  it("and has room again, the next change stores the whole task", async () => {
    const failing = new Set<StoreMethod>(["save"]);
    const store = failingStore(failing);
    const lab = lab2026({ store });
    const task = await start(lab);
    expect(await store.inner.loadActive()).toEqual([]);
    failing.clear();
    await poll(lab, half);
    expect(await store.inner.loadActive()).toMatchObject([
      { id: task.id, taskId: wire.TASK_ID, stage: "running", snapshot: { statusMessage: "half" } },
    ]);
  });

  it("an outcome that could not be stored is this page's, and not taken back by what is stored", async () => {
    const failing = new Set<StoreMethod>();
    const lab = lab2026({ store: failingStore(failing) });
    const task = await start(lab);
    failing.add("save");
    await poll(lab, wire.completed);
    expect((await lab.client.get(task.id))?.view.status).toBe("completed");
    expect((await lab.client.list()).map(({ view: { status } }) => status)).toEqual(["completed"]);
    expect(await lab.client.resume()).toEqual([]);
    await lab.clock.advance(600_000);
    expect(lab.server.arrivals, "and it is not polled again").toEqual([]);
  });

  it("no more outcomes are kept in memory than a store would keep", async () => {
    const lab = lab2026({ store: failingStore(new Set<StoreMethod>(["save"])), retention: { count: 2 } });
    const tasks: Task[] = [];
    for (let n = 1; n <= 3; n++) {
      tasks.push(await start(lab));
      await poll(lab, wire.completed);
    }
    expect((await lab.client.list()).map(({ id }) => id)).toEqual(tasks.slice(1).map(({ id }) => id));
    expect(await tasks[0]?.result(), "who has the handle has the result").toEqual(wire.toolResult);
    await lab.client.forget(tasks[2]?.id ?? "");
    expect((await lab.client.list()).map(({ id }) => id)).toEqual([tasks[1]?.id]);
  });

  it("a call is still made once, and never again by a later page that finds no record of it", async () => {
    const store = failingStore(new Set<StoreMethod>(["save"]));
    const lab = lab2026({ store });
    await start(lab);
    await lab.client.close();
    const later = lab2026({ store: store.inner });
    expect(await later.client.resume()).toEqual([]);
    expect(later.server.methods).toEqual([]);
  });
});

it("a store that cannot be read for a while loses nothing: the next resume takes all up", async () => {
  const failing = new Set<StoreMethod>(["loadActive"]);
  const store = failingStore(failing);
  const record = runningRecord({ snapshot: snapshotOf({ pollIntervalMs: 5_000 }) });
  await store.inner.save(record);
  const { client, server, problems } = lab2026({ store });
  expect(await client.resume()).toEqual([]);
  expect(problems).not.toEqual([]);
  expect(await store.inner.loadActive()).toEqual([record]);
  failing.clear();
  expect((await client.resume()).map(({ id }) => id)).toEqual([record.id]);
  await settled();
  expect(server.methods).toEqual(["tasks/get"]);
});

describe("IndexedDB", () => {
  beforeEach(() => {
    globalThis.indexedDB = new IDBFactory();
  });

  it("that is missing: tasks run in memory, and the app is notified", async () => {
    const page = globalThis as { indexedDB: IDBFactory | undefined };
    page.indexedDB = undefined;
    const lab = lab2026({ store: indexedDbStore("nowhere") });
    await wholeStory(lab);
    expect(lab.problems.length).toBeGreaterThan(0);
    for (const { kind } of lab.problems) expect(kind).toBe("storage");
  });

  describe("whose open another tab blocks", () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    /** A store whose open waits, as if another tab kept a connection to a database that is being deleted. */
    async function blockedStore(): Promise<{ store: TaskStore; unblock(): void }> {
      const held = await new Promise<IDBDatabase>((resolve, reject) => {
        const opening = indexedDB.open("app");
        opening.onsuccess = () => resolve(opening.result);
        opening.onerror = () => reject(opening.error);
      });
      indexedDB.deleteDatabase("app");
      return { store: indexedDbStore("app"), unblock: () => held.close() };
    }

    /** Lets the store's patience run out: in whole it may cost a page hardly more than once. */
    async function outlast<T>(work: Promise<T>, limitMs: number): Promise<T> {
      let done = false;
      const noted = (): void => {
        done = true;
      };
      work.then(noted, noted);
      for (let ms = 0; !done; ms += 100) {
        if (ms > limitMs) throw new Error(`It hangs for ${limitMs} ms`);
        await vi.advanceTimersByTimeAsync(100);
        await settled();
      }
      return work;
    }

    it("rejects after ten seconds, and not before", async () => {
      const { store } = await blockedStore();
      let error: unknown;
      store.loadActive().catch((reason: unknown) => {
        error = reason;
      });
      await vi.advanceTimersByTimeAsync(9_900);
      await settled();
      expect(error).toBeUndefined();
      await vi.advanceTimersByTimeAsync(100);
      expect(error).toMatchObject({ message: expect.stringContaining("10000 ms") });
    });

    it("does not hang a call or a start: the task runs in memory, and the app is notified", async () => {
      const { store } = await blockedStore();
      const lab = lab2026({ store });
      expect(await outlast(lab.client.resume(), 11_000)).toEqual([]);
      const calling = lab.client.callTool("lab", "plain");
      const arrived = (async (): Promise<void> => {
        while (lab.server.arrivals.length === 0) await settled();
      })();
      await outlast(arrived, 1_000);
      const reply = lab.server.expect("tools/call").then((call) => call.reply(wire.createTaskResult));
      await outlast(reply, 1_000);
      const task = await outlast(calling, 1_000);
      expect(task.view.status).toBe("working");
      await poll(lab, wire.completed);
      expect(await outlast(task.result(), 1_000)).toEqual(wire.toolResult);
      expect(lab.problems.length).toBeGreaterThan(0);
      for (const { kind } of lab.problems) expect(kind).toBe("storage");
    });

    it("is hardly waited for a second time, and answers as soon as it can", async () => {
      const { store, unblock } = await blockedStore();
      const late = store.loadActive().catch((reason: unknown) => String(reason));
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await late).toContain("10000 ms");
      const impatient = store.loadActive().catch((reason: unknown) => String(reason));
      await vi.advanceTimersByTimeAsync(100);
      expect(await impatient).toContain("100 ms");
      unblock();
      await vi.waitFor(async () => expect(await store.loadActive()).toEqual([]));
      expect(await store.save(runningRecord())).toBe(true);
    });

    it("and opens at last, holds the latest of what was written meanwhile", async () => {
      const { store, unblock } = await blockedStore();
      const writes = [1, 2, 3].map((rev) => store.save(runningRecord({ rev })).catch(() => false));
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await Promise.all(writes)).toEqual([false, false, false]);
      unblock();
      await vi.waitFor(async () =>
        expect((await store.loadActive()) as TaskRecord[]).toMatchObject([{ rev: 3 }]),
      );
      expect(await store.save(runningRecord({ rev: 2 }))).toBe(false);
    });
  });
});

it("a store that throws at once, in place of rejecting, is no worse", async () => {
  const inner = memoryStore();
  const throwing = STORE_METHODS.map((method) => [
    method,
    () => {
      throw QUOTA;
    },
  ]);
  const lab = lab2026({ store: { ...inner, ...(Object.fromEntries(throwing) as object) } });
  await wholeStory(lab);
  for (const problem of lab.problems) expect(problem).toMatchObject({ kind: "storage", error: QUOTA });
});

it("a task whose end could not be stored while the app asked for it is over for the app", async () => {
  const held = memoryStore();
  await held.save(callingRecord({ id: "lost" }));
  let read: () => void = () => undefined;
  const isRead = new Promise<void>((resolve) => {
    read = resolve;
  });
  const store: TaskStore = {
    ...held,
    save: () => Promise.reject(QUOTA),
    async load(id) {
      const stale = await held.load(id);
      await isRead;
      return stale;
    },
  };
  const { client } = lab2026({ store });
  const asked = client.get("lost");
  const [resumed] = await client.resume();
  await expect(resumed?.result()).rejects.toThrow(TaskLostError);
  read();
  const task = await asked;
  expect(task?.view.outcome?.kind).toBe("lost");
  await expect(task?.result()).rejects.toThrow(TaskLostError);
});
