import { describe, expect, it } from "vitest";
import type { TaskRecord } from "../../../src/engine/record.ts";
import { plainHost } from "../../../src/hosts/plain-host.ts";
import type { Task } from "../../../src/index.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import type { TaskStore } from "../../../src/store/task-store.ts";
import { lab2025, lab2026 } from "../../fixtures/client-lab.ts";
import { rpcError } from "../../fixtures/failures.ts";
import { FakeClock, settled } from "../../fixtures/fake-clock.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";
import { callingRecord, runningRecord, settledRecord, snapshotOf, T0 } from "../../fixtures/records.ts";

async function storeWith(...records: readonly TaskRecord[]): Promise<TaskStore> {
  const store = memoryStore();
  for (const record of records) await store.save(record);
  return store;
}

function running(id: string, taskId: string, fields: Partial<TaskRecord> = {}): TaskRecord {
  const { call: _same, ...rest } = fields;
  return { ...runningRecord({ id, taskId, snapshot: snapshotOf({ taskId }) }), ...rest };
}

describe("resume", () => {
  it("takes thousands of tasks up in slices, and lets a page do other work between them", async () => {
    const records = Array.from({ length: 1_200 }, (_, index) =>
      running(`record-${index}`, `t${index}`, { createdAt: T0 + index }),
    );
    const { client, clock } = lab2026({ store: await storeWith(...records) });
    let resumed = 0;
    client.subscribe(() => resumed++);
    let tasks: readonly Task[] | undefined;
    const resuming = client.resume().then((resolved) => {
      tasks = resolved;
    });
    const seen: number[] = [];
    while (!tasks) {
      await settled();
      seen.push(resumed);
      clock.ring();
    }
    await resuming;
    // Five slices each: to read the records, to resume them, and to make their handles.
    expect(seen).toEqual([0, 0, 0, 0, 250, 500, 750, 1_000, 1_200, 1_200, 1_200, 1_200, 1_200]);
    expect(tasks.map(({ id }) => id)).toEqual(records.map(({ id }) => id));
    await client.close();
  });

  it("waits for no timer between the slices: in a hidden page each would take a second", async () => {
    const records = Array.from({ length: 1_200 }, (_, index) => running(`record-${index}`, `t${index}`));
    const clock = Object.assign(new FakeClock(T0), { turn: plainHost().clock.turn });
    const { client } = lab2026({ store: await storeWith(...records), clock });
    let otherWork = 0;
    const working = setInterval(() => otherWork++);
    expect(await client.resume()).toHaveLength(1_200);
    clearInterval(working);
    expect(otherWork).toBeGreaterThan(0);
    await client.close();
  });

  it("resumes unfinished tasks, the earliest first, and leaves settled tasks alone", async () => {
    const store = await storeWith(
      running("second", "t2", { createdAt: T0 + 2 }),
      settledRecord({ id: "over" }),
      running("first", "t1", { createdAt: T0 + 1 }),
    );
    const { client, server } = lab2026({ store });
    const tasks = await client.resume();
    expect(tasks.map(({ id }) => id)).toEqual(["first", "second"]);
    await settled();
    expect(server.arrivals.map(({ method, params }) => [method, params.taskId]).sort()).toEqual([
      ["tasks/get", "t1"],
      ["tasks/get", "t2"],
    ]);
  });

  it("costs one request a task, and no handshake but the connection's", async () => {
    const { client, server } = lab2026({ store: await storeWith(running("first", "t1")) });
    await client.resume();
    await (await server.expect("tasks/get")).reply({
      resultType: "complete",
      ...wire2026.working,
      taskId: "t1",
    });
    expect(server.methods).toEqual(["tasks/get"]);
    expect(server.lists).toBe(0);
  });

  it.each([-32602, -32002, -32603])(
    "a handshake refused with %i says nothing of the task, which waits",
    async (code) => {
      const ended = { snapshot: snapshotOf({ taskId: "t2", status: "failed" }) };
      const records = [
        running("first", "t1", { generation: "2025-11-25" }),
        running("ended", "t2", { generation: "2025-11-25", ...ended }),
        running("unwanted", "t3", { generation: "2025-11-25", cancel: { requestedAt: T0 } }),
      ];
      const { client, server, clock, store } = lab2025({ store: await storeWith(...records) });
      const refusal = rpcError(code, "Unsupported protocol version");
      server.refusals.push(refusal, refusal, refusal);
      const tasks = await client.resume();
      await settled();
      expect(server.connects).toBeGreaterThan(0);
      for (const { view } of tasks) {
        expect(view.outcome).toBeUndefined();
        expect(view.retry?.failure.message).toContain("Unsupported protocol version");
      }
      expect(await store.load("unwanted")).toMatchObject({ cancel: { requestedAt: T0 } });
      expect(await store.load("unwanted")).not.toHaveProperty("cancel.acknowledgedAt");
      server.refusals.splice(0);
      await clock.advance(5_000);
      expect(server.arrivals.map(({ method }) => method).sort()).toEqual([
        "tasks/cancel",
        "tasks/get",
        "tasks/get",
        "tasks/result",
      ]);
    },
  );

  it("sees a task of the page before to its end", async () => {
    const before = lab2026();
    const calling = before.client.callTool("lab", "plain");
    await (await before.server.expect("tools/call")).reply(wire2026.createTaskResult);
    const { id } = await calling;
    await before.client.close();
    const { client, server } = lab2026({ store: before.store });
    const [task] = await client.resume();
    expect(task?.id).toBe(id);
    await (await server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.completed));
    expect(await task?.result()).toEqual(wire2026.toolResult);
  });

  it("twice, or beside a call, runs nothing twice", async () => {
    const { client, server } = lab2026({ store: await storeWith(running("first", "t1")) });
    const [[once], [twice]] = await Promise.all([client.resume(), client.resume()]);
    expect(once).toBe(twice);
    await settled();
    expect(server.methods).toEqual(["tasks/get"]);
  });

  it("a task of an endpoint that is not given is reported, and left in the store", async () => {
    const store = await storeWith(running("stray", "t1", { endpoint: "elsewhere" }), running("first", "t2"));
    const { client, problems } = lab2026({ store });
    expect((await client.resume()).map(({ id }) => id)).toEqual(["first"]);
    expect(problems).toMatchObject([{ kind: "unknown-endpoint", id: "stray" }]);
    expect(await store.load("stray")).toMatchObject({ endpoint: "elsewhere" });
  });

  it("a record of a newer version is reported, and left in the store", async () => {
    const store = await storeWith({ ...running("future", "t1"), v: 99 as 2 }, running("first", "t2"));
    const { client, problems } = lab2026({ store });
    expect((await client.resume()).map(({ id }) => id)).toEqual(["first"]);
    expect(problems).toContainEqual(expect.objectContaining({ kind: "unreadable", id: "future" }));
    expect(await store.load("future")).toMatchObject({ v: 99 });
  });

  it("a call whose outcome cannot be determined is reported lost", async () => {
    const { client, server, store } = lab2026({ store: await storeWith(callingRecord({ id: "gone" })) });
    await client.resume();
    await settled();
    expect(server.methods).toEqual([]);
    expect(await store.loadSettled()).toMatchObject([{ id: "gone", outcome: { kind: "lost" } }]);
  });
});

describe("resume and tasks/list (2025-11-25)", () => {
  const lost = (id: string): TaskRecord =>
    callingRecord({ id, generation: "2025-11-25", call: { recovery: "list" } });
  const task = (taskId: string) => ({ ...wire2025.working, taskId, createdAt: new Date(T0).toISOString() });

  it("a lost call does not take the task of another record, in whatever order they are stored", async () => {
    const owner = { ...running("owner", "t1"), generation: "2025-11-25" } as const;
    for (const records of [
      [lost("lost"), owner],
      [owner, lost("lost")],
    ]) {
      const { client, server } = lab2025({ store: await storeWith(...records) });
      await client.resume();
      await settled();
      const list = server.arrivals.find(({ method }) => method === "tasks/list");
      await list?.reply({ tasks: [task("t1")] });
      expect(list).toBeDefined();
      expect((await client.get("lost"))?.view.taskId).toBeUndefined();
      expect((await client.get("owner"))?.view.taskId).toBe("t1");
      await client.close();
    }
  });

  it("a lost call does not take the task of a settled record", async () => {
    const over = { ...settledRecord({ id: "over", taskId: "t1" }), generation: "2025-11-25" } as const;
    const { client, server } = lab2025({ store: await storeWith(lost("lost"), over) });
    await client.resume();
    await (await server.expect("tasks/list")).reply({ tasks: [task("t1")] });
    expect((await client.get("lost"))?.view.taskId).toBeUndefined();
  });

  it("of two lost calls neither takes the one task there is: it may be either", async () => {
    const { client, server, clock } = lab2025({ store: await storeWith(lost("one"), lost("two")) });
    const tasks = await client.resume();
    const unsettled = (): boolean => tasks.some(({ view: { outcome } }) => outcome === undefined);
    for (let round = 0; round < 10 && unsettled(); round++) {
      await clock.advance(60_000);
      for (const list of server.arrivals.splice(0)) {
        expect(list.method).toBe("tasks/list");
        await list.reply({ tasks: [task("t1")] });
      }
    }
    for (const { view } of tasks) expect(view.outcome).toMatchObject({ kind: "lost", candidates: ["t1"] });
  });

  it("one list and one reading of the store serve many lost calls, in however many processes", async () => {
    const MANY = 40;
    const store = await storeWith(...Array.from({ length: MANY }, (_, index) => lost(`lost-${index}`)));
    const clock = new FakeClock(T0);
    let [lives, lists, readings] = [0, 0, 0];
    const counting = {
      ...store,
      loadActive() {
        readings++;
        return store.loadActive();
      },
    };
    // Each process lives for a second or two: none could try five times.
    while (lives++ < 30 && (await store.loadActive()).length > 0) {
      const { client, server } = lab2025({ store: counting, clock });
      await client.resume();
      for (let step = 0; step < 4; step++) {
        await settled();
        for (const list of server.arrivals.splice(0)) {
          lists++;
          await list.reply({ tasks: [task("t1")] });
        }
        await clock.advance(500);
      }
      await client.close();
    }
    expect(await store.loadActive()).toEqual([]);
    expect(await store.loadSettled()).toHaveLength(MANY);
    // One to resume, and one beside each list.
    expect(readings).toBeLessThanOrEqual(lives + lists);
    expect(lists).toBeLessThanOrEqual(MANY / 2);
  });

  it("all pages are looked through", async () => {
    const { client, server } = lab2025({ store: await storeWith(lost("lost")) });
    await client.resume();
    await (await server.expect("tasks/list")).reply({ tasks: [], nextCursor: "page-2" });
    const second = await server.expect("tasks/list");
    expect(second.params).toEqual({ cursor: "page-2" });
    await second.reply({ tasks: [task("t9")] });
    expect((await client.get("lost"))?.view.taskId).toBe("t9");
  });
});

it("thousands of tasks are read once, and their polls leave a few at a time", async () => {
  const inner = memoryStore();
  for (let task = 0; task < 100; task++) {
    await inner.save(running(`record-${task}`, `task-${task}`));
  }
  let reads = 0;
  const store: TaskStore = {
    ...inner,
    loadActive: () => {
      reads++;
      return inner.loadActive();
    },
  };
  const { client, server } = lab2026({ store });
  expect(await client.resume()).toHaveLength(100);
  await settled();
  expect(reads).toBe(1);
  expect(server.arrivals).toHaveLength(32);
  const first = await server.expect("tasks/get");
  await first.reply({ ...wire2026.working, taskId: "task-0", resultType: "complete" });
  await settled();
  expect(server.arrivals).toHaveLength(32);
});
