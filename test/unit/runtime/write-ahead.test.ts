import { describe, expect, it } from "vitest";
import type { SessionMemory } from "../../../src/channel/agreed-session.ts";
import { createEndpoint } from "../../../src/channel/endpoint.ts";
import { everything } from "../../../src/client/everything.ts";
import type { TaskRecord } from "../../../src/engine/record.ts";
import { DEFAULT_TIMING } from "../../../src/engine/schedule.ts";
import type { TaskState } from "../../../src/engine/state.ts";
import { createTaskRuntime, type TaskRuntime } from "../../../src/runtime/task-runtime.ts";
import type { TaskStore } from "../../../src/store/task-store.ts";
import { network } from "../../fixtures/failures.ts";
import { FakeClock, settled } from "../../fixtures/fake-clock.ts";
import { HeldStore } from "../../fixtures/held-store.ts";
import * as wire from "../../fixtures/messages-2026-07-28.ts";
import { callingRecord, runningRecord, snapshotOf, stateOf, T0 } from "../../fixtures/records.ts";
import { ScriptedServer, SESSION_2026 } from "../../fixtures/scripted-server.ts";

interface Rig {
  readonly runtime: TaskRuntime;
  readonly server: ScriptedServer;
  readonly clock: FakeClock;
  readonly changes: TaskState[];
  readonly failures: { id: string; error: unknown }[];
  readonly overtaken: string[];
  /** Connects. */
  readonly session: () => Promise<unknown>;
}

/** A rig that is connected to its server. */
async function connectedRig(store: TaskStore): Promise<Rig> {
  const rig = rigOf(store);
  await rig.session();
  return rig;
}

/** A runtime without a timer: the test steps it. `goesOn`: it may run what another process has moved on. */
function rigOf(store: TaskStore, goesOn = false): Rig {
  const server = new ScriptedServer(SESSION_2026);
  const clock = new FakeClock(T0);
  const memory: SessionMemory = {
    load: async () => undefined,
    save: async () => undefined,
    exclusively: (work) => work(),
  };
  const endpoint = createEndpoint("lab", server, memory, (message) => runtime.inbound("lab", message, {}));
  const changes: TaskState[] = [];
  const failures: { id: string; error: unknown }[] = [];
  const overtaken: string[] = [];
  const runtime: TaskRuntime = createTaskRuntime({
    ...everything,
    store,
    clock,
    timing: DEFAULT_TIMING,
    requestTimeoutMs: 60_000,
    maxResultLength: 1_000_000,
    push: undefined,
    maxConcurrentPolls: Number.POSITIVE_INFINITY,
    endpoint: (name) => (name === "lab" ? endpoint : undefined),
    storing: async () => undefined,
    stored: () => undefined,
    changed: (state) => changes.push(state),
    storageFailed: ({ id }, error) => failures.push({ id, error }),
    overtaken: async (id) => {
      overtaken.push(id);
      return goesOn ? ((await store.load(id)) as TaskRecord) : undefined;
    },
    rescheduled: () => undefined,
  });
  return { runtime, server, clock, changes, failures, overtaken, session: () => endpoint.session() };
}

/** The task of the records here, as its server would speak of it a moment after they were written. */
/** A new call: certainly not sent yet. */
const unsent = (record: TaskRecord): TaskState => stateOf(record, { mayCall: true });

const taskOf = (task: object) => ({
  ...task,
  taskId: "task-1",
  createdAt: new Date(T0).toISOString(),
  lastUpdatedAt: new Date(T0 + 1).toISOString(),
});
const question = { ...taskOf(wire.inputRequired), inputRequests: { name: wire.inputRequests.name } };

/** A rig whose task runs and is polled; writes are held from then on. */
async function polled(store: HeldStore, goesOn = false): Promise<Rig> {
  const rig = rigOf(store, goesOn);
  store.holding = false;
  const record = runningRecord();
  await store.save(record);
  rig.runtime.wake(record);
  await settled();
  store.holding = true;
  return rig;
}

describe("a task that is yielded and resumed again", () => {
  it("while a write is pending sends the requests of its new state, once, and not those of its old state", async () => {
    const store = new HeldStore();
    const { runtime, server } = await polled(store);
    server.arrivals.splice(0);
    const { record } = runtime.state("record-1") as TaskState;
    runtime.dispatch("record-1", { type: "cancelled" });
    await settled();
    for (let time = 0; time < 3; time++) {
      runtime.yield("record-1");
      runtime.wake({ ...record, rev: record.rev + 1, cancel: { requestedAt: T0 } });
    }
    await store.take().release();
    await settled();
    expect(server.arrivals.map(({ method }) => method).sort()).toEqual(["tasks/cancel", "tasks/get"]);
  });
});

it("A task that is handed over before any of its writes succeeded is stored by the process that adopts it", async () => {
  const store = new HeldStore();
  store.holding = false;
  const { runtime } = rigOf(store);
  runtime.wake(runningRecord({ rev: 3 }), { fresh: true }, null);
  runtime.dispatch("record-1", { type: "cancelled" });
  await settled();
  expect(await store.load("record-1")).toMatchObject({ rev: 4, cancel: { requestedAt: T0 } });
});

describe("write ahead: a call", () => {
  it("is written before its request leaves", async () => {
    const store = new HeldStore();
    const { runtime, server } = await connectedRig(store);
    const starting = runtime.start(unsent(callingRecord()));
    await settled();
    expect(server.methods).toEqual([]);
    const write = store.take();
    expect(write).toMatchObject({ kind: "save", record: { stage: "calling" } });
    await write.release();
    await starting;
    await server.expect("tools/call");
  });

  it("whose connection is lost while it is written is not sent, and the store has it queued before it connects again", async () => {
    const store = new HeldStore();
    const { runtime, server, clock } = await connectedRig(store);
    void runtime.start(unsent(callingRecord()));
    await settled();
    server.drop();
    await store.take().release();
    await settled();
    expect(server.methods).toEqual([]);
    const write = store.take();
    expect(write.record).toMatchObject({ stage: "queued" });
    await write.release();
    store.holding = false;
    await clock.advance(60_000);
    runtime.step(clock.now());
    await settled();
    await server.expect("tools/call");
  });

  it("that cannot be a task is sent at once, and never written", async () => {
    const store = new HeldStore();
    const { runtime, server, changes } = rigOf(store);
    await runtime.start(unsent(callingRecord({ call: { asTask: false } })));
    await (await server.expect("tools/call")).reply(wire.callResult);
    expect(changes.at(-1)?.record.outcome?.kind).toBe("completed");
    expect(store.held).toEqual([]);
  });

  it("a page that comes back while it is written does not send it, or lose it", async () => {
    const store = new HeldStore();
    const { runtime, server } = await connectedRig(store);
    const starting = runtime.start(unsent(callingRecord()));
    runtime.nudge();
    await settled();
    expect(server.methods).toEqual([]);
    await settled();
    store.holding = false;
    for (const write of store.held.splice(0)) await write.release();
    await starting;
    await server.expect("tools/call");
    expect(runtime.state("record-1")?.record.outcome).toBeUndefined();
  });

  it("cancelled while it is written is never sent", async () => {
    const store = new HeldStore();
    const { runtime, server, changes } = rigOf(store);
    const starting = runtime.start(unsent(callingRecord()));
    runtime.dispatch("record-1", { type: "cancelled" });
    await settled();
    store.holding = false;
    for (const write of store.held.splice(0)) await write.release();
    await starting;
    await settled();
    expect(server.methods).toEqual([]);
    expect(changes.at(-1)?.record.outcome).toEqual({ kind: "cancelled", confirmed: true });
  });

  it("its task id is written before anybody sees it", async () => {
    const store = new HeldStore();
    const { runtime, server, changes } = await connectedRig(store);
    const starting = runtime.start(unsent(callingRecord()));
    await settled();
    await store.take().release();
    await starting;
    await (await server.expect("tools/call")).reply(wire.createTaskResult);
    expect(changes.filter(({ record }) => record.taskId !== undefined)).toEqual([]);
    const write = store.take();
    expect(write.record).toMatchObject({ stage: "running", taskId: wire.TASK_ID });
    await write.release();
    await settled();
    expect(changes.at(-1)?.record.taskId).toBe(wire.TASK_ID);
  });
});

describe("write ahead: a task", () => {
  it("an answer is written before it is sent", async () => {
    const store = new HeldStore();
    const { runtime, server, clock } = await polled(store);
    await (await server.expect("tasks/get")).reply(wire.getTaskResult(question));
    await store.take().release();
    runtime.dispatch("record-1", { type: "answered", key: "name", response: { action: "decline" } });
    await settled();
    expect(server.methods).not.toContain("tasks/update");
    const write = store.take();
    expect(write.record?.inputs).toMatchObject([{ state: "answered", response: { action: "decline" } }]);
    await write.release();
    await settled();
    expect((await server.expect("tasks/update")).params).toEqual({
      taskId: "task-1",
      inputResponses: { name: { action: "decline" } },
    });
    expect(clock.now()).toBe(T0);
  });

  it("an answer is not sent along with one before it while it is itself still being written", async () => {
    const store = new HeldStore();
    const { runtime, server } = await polled(store);
    const both = {
      ...question,
      inputRequests: { name: wire.inputRequests.name, where: wire.inputRequests.where },
    };
    await (await server.expect("tasks/get")).reply(wire.getTaskResult(both));
    await store.take().release();
    await settled();
    runtime.dispatch("record-1", { type: "answered", key: "name", response: { action: "decline" } });
    runtime.dispatch("record-1", { type: "answered", key: "where", response: { roots: [] } });
    await settled();
    await store.take().release();
    await settled();
    const first = await server.expect("tasks/update");
    expect(first.params.inputResponses).toEqual({ name: { action: "decline" } });
    await store.take().release();
    await first.reply(wire.acknowledgement);
    for (const write of store.held.splice(0)) await write.release();
    await settled();
    const second = await server.expect("tasks/update");
    expect(second.params.inputResponses).toEqual({ where: { roots: [] } });
  });

  it("a wish to cancel is written before it is sent", async () => {
    const store = new HeldStore();
    const { runtime, server } = await polled(store);
    await (await server.expect("tasks/get")).reply(wire.getTaskResult(taskOf(wire.working)));
    for (const write of store.held.splice(0)) await write.release();
    runtime.dispatch("record-1", { type: "cancelled" });
    await settled();
    expect(server.methods).not.toContain("tasks/cancel");
    const write = store.take();
    expect(write.record).toMatchObject({ cancel: { requestedAt: T0 } });
    await write.release();
    await settled();
    await server.expect("tasks/cancel");
  });

  it("an outcome is written before anybody sees it", async () => {
    const store = new HeldStore();
    const { server, changes } = await polled(store);
    await (await server.expect("tasks/get")).reply(wire.getTaskResult(taskOf(wire.completed)));
    expect(changes.filter(({ record }) => record.outcome)).toEqual([]);
    await store.take().release();
    await settled();
    expect(changes.at(-1)?.record.outcome?.kind).toBe("completed");
  });

  it("its writes are made one after another, in their order", async () => {
    const store = new HeldStore();
    const { runtime, server } = await polled(store);
    await (await server.expect("tasks/get")).reply(wire.getTaskResult(question));
    runtime.dispatch("record-1", { type: "answered", key: "name", response: { action: "decline" } });
    runtime.dispatch("record-1", { type: "cancelled" });
    await settled();
    const order: unknown[] = [];
    while (store.held.length > 0) {
      expect(store.held).toHaveLength(1);
      const write = store.take();
      order.push([write.record?.inputs[0]?.state, write.record?.cancel !== undefined]);
      await write.release();
      await settled();
    }
    expect(order).toEqual([
      ["open", false],
      ["answered", false],
      ["answered", true],
    ]);
    expect(server.methods).toEqual(expect.arrayContaining(["tasks/update", "tasks/cancel"]));
  });

  it("an unchanged record is not written again", async () => {
    const store = new HeldStore();
    const { server, clock, runtime } = await polled(store);
    await (await server.expect("tasks/get")).reply(wire.getTaskResult(taskOf(wire.working)));
    for (const write of store.held.splice(0)) await write.release();
    await settled();
    await clock.advance(5_000);
    expect(runtime.step(clock.now())).toBe(Number.POSITIVE_INFINITY);
    await (await server.expect("tasks/get")).reply(wire.getTaskResult(taskOf(wire.working)));
    expect(store.held).toEqual([]);
    expect(runtime.nextStep()).toBe(clock.now() + 5_000);
  });

  it("publishes the newest view last, at whatever moment a write ends", async () => {
    // A change without a write, such as progress, may come between the end of a write and its publication.
    for (let delay = 0; delay < 12; delay++) {
      const store = new HeldStore();
      const { runtime, server, changes } = await polled(store);
      await (await server.expect("tasks/get")).reply(wire.getTaskResult(question));
      const released = store.take().release();
      for (let turn = 0; turn < delay; turn++) await Promise.resolve();
      runtime.dispatch("record-1", { type: "progressed", progress: { progress: 1 } });
      await released;
      await settled();
      expect(changes.at(-1)?.progress, `progress ${delay} turns after the write`).toEqual({ progress: 1 });
      runtime.close();
    }
  });
});

describe("a store that fails", () => {
  it("is reported with the record, and the task goes on", async () => {
    const store = new HeldStore();
    const { runtime, server, failures, changes } = await connectedRig(store);
    const starting = runtime.start(unsent(callingRecord()));
    const full = new Error("The disk is full");
    await settled();
    store.take().fail(full);
    await starting;
    expect(failures).toEqual([{ id: "record-1", error: full }]);
    await (await server.expect("tools/call")).reply(wire.createTaskResult);
    store.take().fail(full);
    await settled();
    expect(failures).toHaveLength(2);
    expect(changes.at(-1)?.record.taskId).toBe(wire.TASK_ID);
  });

  it.each([
    ["was refused for now", 0],
    ["was asked about first", 1],
  ])("does not let a call leave that it holds as still to be sent, and that %s", async (_what, rounds) => {
    const store = new HeldStore();
    const { runtime, server, clock } = await connectedRig(store);
    const record = callingRecord({ call: { refused: true, rounds } });
    await store.inner.save(record);
    runtime.wake(record);
    await settled();
    store.take().fail(new Error("The disk is full"));
    await settled();
    expect(server.methods).toEqual([]);
    // Another page that takes the record up from here sends the call: this one has not.
    store.holding = false;
    for (const write of store.held.splice(0)) await write.release();
    await clock.advance(60_000);
    runtime.step(clock.now());
    await server.expect("tools/call");
    expect(server.methods).toEqual(["tools/call"]);
  });

  it("once, does not keep the next write from being made", async () => {
    const store = new HeldStore();
    const { runtime, server } = await polled(store);
    await (await server.expect("tasks/get")).reply(wire.getTaskResult(question));
    runtime.dispatch("record-1", { type: "cancelled" });
    store.take().fail(new Error("Busy"));
    await settled();
    await store.take().release();
    expect(await store.load("record-1")).toMatchObject({
      cancel: { requestedAt: T0 },
      inputs: [{ key: "name" }],
    });
  });

  it("written() waits for what was begun, failed or not", async () => {
    const store = new HeldStore();
    const { runtime } = rigOf(store);
    void runtime.start(unsent(callingRecord({ id: "one" })));
    void runtime.start(unsent(callingRecord({ id: "two" })));
    await settled();
    let done = false;
    const waiting = runtime.written().then(() => {
      done = true;
    });
    await store.take().release();
    await settled();
    expect(done).toBe(false);
    store.take().fail(new Error("No"));
    await waiting;
    expect(done).toBe(true);
  });
});

describe("a store in which another process was faster", () => {
  it("this process no longer runs the task: it sends nothing that follows from its older record", async () => {
    const store = new HeldStore();
    const { runtime, server, overtaken } = await polled(store);
    await (await server.expect("tasks/get")).reply(wire.getTaskResult(question));
    store.holding = false;
    for (const write of store.held.splice(0)) await write.release();
    await settled();
    const newer: TaskRecord = runningRecord({ rev: 50, snapshot: snapshotOf() });
    await store.inner.save(newer);
    runtime.dispatch("record-1", { type: "answered", key: "name", response: { action: "accept" } });
    await settled();
    expect(overtaken).toEqual(["record-1"]);
    expect(server.methods).not.toContain("tasks/update");
    expect(runtime.state("record-1")).toBeUndefined();
    expect(await store.load("record-1")).toEqual(newer);
  });

  it("a call that has an outcome there by the time it is written is not sent", async () => {
    const store = new HeldStore();
    const { runtime, server, overtaken } = rigOf(store);
    const starting = runtime.start(unsent(callingRecord()));
    await settled();
    const cancelled = { kind: "cancelled", confirmed: true } as const;
    await store.inner.save(callingRecord({ stage: "settled", outcome: cancelled }));
    await store.take().release();
    await starting;
    await settled();
    expect(server.methods).toEqual([]);
    expect(overtaken).toEqual(["record-1"]);
    expect(runtime.state("record-1")).toBeUndefined();
  });

  it("a record of a later state ends the run of the same task in an older state, and of no other task", async () => {
    const store = new HeldStore();
    const { runtime, server, overtaken } = await polled(store);
    const get = await server.expect("tasks/get");
    const { rev } = (runtime.state("record-1") as TaskState).record;
    runtime.overtakenBy(runningRecord({ rev }));
    runtime.overtakenBy(runningRecord({ rev: rev + 1, id: "another" }));
    expect(overtaken).toEqual([]);
    runtime.overtakenBy(runningRecord({ rev: rev + 1 }));
    expect(overtaken).toEqual(["record-1"]);
    await settled();
    expect(runtime.state("record-1")).toBeUndefined();
    expect(get.options.signal?.aborted, "its reply no longer matters").toBe(true);
  });
});

describe("requests", () => {
  it("of an endpoint nobody gave are retry, not an end", async () => {
    const store = new HeldStore();
    store.holding = false;
    const { runtime, changes } = rigOf(store);
    runtime.wake(runningRecord({ endpoint: "elsewhere" }));
    await settled();
    expect(changes.at(-1)?.retry?.failure.kind).toBe("network");
    expect(changes.at(-1)?.record.outcome).toBeUndefined();
  });

  it("have the timeout, and those that carry a token name it", async () => {
    const store = new HeldStore();
    store.holding = false;
    const { runtime, server } = await connectedRig(store);
    await runtime.start(unsent(callingRecord({ call: { progressToken: "record-1" } })));
    const call = await server.expect("tools/call");
    expect(call.options).toMatchObject({ timeoutMs: 60_000, progressToken: "record-1" });
    expect(call.params).toMatchObject({ _meta: { progressToken: "record-1" } });
  });

  it("that are in flight when a task ends are aborted", async () => {
    const store = new HeldStore();
    const { runtime, server } = await polled(store);
    store.holding = false;
    const get = await server.expect("tasks/get");
    runtime.inbound("lab", wire.taskNotification(taskOf(wire.completed)), {});
    await settled();
    expect(get.options.signal?.aborted).toBe(true);
  });

  it("that fail are made again when their time comes, and step says when", async () => {
    const store = new HeldStore();
    const { runtime, server, clock } = await polled(store);
    await (await server.expect("tasks/get")).fail(network);
    const due = runtime.nextStep();
    expect(due).toBeGreaterThan(T0);
    expect(runtime.step(due - 1)).toBe(due);
    expect(server.arrivals).toEqual([]);
    await clock.advance(due - T0);
    expect(runtime.step(due)).toBe(Number.POSITIVE_INFINITY);
    await server.expect("tasks/get");
  });

  it("goes on from the record of the other: nothing is sent twice, and the reply in flight counts", async () => {
    const store = new HeldStore();
    const { runtime, server, changes } = await polled(store, true);
    store.holding = false;
    const get = await server.expect("tasks/get");
    const { rev, inputs } = (runtime.state("record-1") as TaskState).record;
    await store.inner.save(
      runningRecord({ rev: rev + 1, inputs, cancel: { requestedAt: T0, acknowledgedAt: T0 } }),
    );
    runtime.overtakenBy(runningRecord({ rev: rev + 1 }));
    await settled();
    expect(get.options.signal?.aborted).toBe(false);
    expect(server.arrivals.map(({ method }) => method)).not.toContain("tasks/get");
    await get.reply(wire.getTaskResult(taskOf(wire.completed)));
    await settled();
    expect(changes.at(-1)?.record).toMatchObject({
      rev: rev + 2,
      cancel: {},
      outcome: { kind: "completed" },
    });
    expect(await store.load("record-1")).toMatchObject({ rev: rev + 2, outcome: { kind: "completed" } });
  });

  it("applies the reply that it received before its write was refused to the record of the other process", async () => {
    const store = new HeldStore();
    const { runtime, server } = await polled(store, true);
    await (await server.expect("tasks/get")).reply(wire.getTaskResult(question));
    await settled();
    const { rev } = (runtime.state("record-1") as TaskState).record;
    await store.inner.save(runningRecord({ rev: rev + 5, cancel: { requestedAt: T0, acknowledgedAt: T0 } }));
    store.holding = false;
    await store.take().release();
    await settled();
    expect(await store.load("record-1")).toMatchObject({
      rev: rev + 6,
      cancel: {},
      inputs: [{ key: "name", state: "open" }],
    });
  });

  it("sends what the record of the other asks for, once its own write was refused", async () => {
    const store = new HeldStore();
    const { runtime, server } = await polled(store, true);
    await (await server.expect("tasks/get")).reply(wire.getTaskResult(question));
    await settled();
    const own = (runtime.state("record-1") as TaskState).record;
    const answered = own.inputs.map(
      (input) => ({ ...input, state: "answered", response: { action: "decline" } }) as const,
    );
    await store.inner.save({ ...own, rev: own.rev + 5, inputs: answered });
    store.holding = false;
    await store.take().release();
    await server.expect("tasks/update");
  });

  it("a record that the store did not take is not written over what another process wrote meanwhile", async () => {
    const store = new HeldStore();
    const { runtime, server, failures } = await polled(store, true);
    await (await server.expect("tasks/get")).reply(wire.getTaskResult(question));
    await settled();
    store.take().fail(new Error("The disk is full"));
    await settled();
    expect(failures).toHaveLength(1);
    // Its rev in memory is now as high as the rev that the other writes.
    const { rev } = (runtime.state("record-1") as TaskState).record;
    await store.inner.save(runningRecord({ rev, taskId: "task-1", immediateResponse: "of the other" }));
    store.holding = false;
    runtime.dispatch("record-1", { type: "cancelled" });
    expect(await runtime.stored("record-1")).toBe(false);
    expect(await store.load("record-1")).toMatchObject({ rev, immediateResponse: "of the other" });
    runtime.dispatch("record-1", { type: "cancelled" });
    expect(await runtime.stored("record-1")).toBe(true);
    expect(await store.load("record-1")).toMatchObject({ cancel: {}, immediateResponse: "of the other" });
  });
});
