import { beforeEach, describe, expect, it, test } from "vitest";
import type { Task } from "../../../src/index.ts";
import { leases } from "../../../src/leases/index.ts";
import type { LeasedStore } from "../../../src/store/lease-table.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { leaseContract, storeContract } from "../../../src/testing/index.ts";
import { lab2025 } from "../../fixtures/client-lab.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";
import {
  LEASE_MS,
  type LeasedProcess,
  LeasedProcesses,
  memoryDatabase,
  POLL_MS,
} from "./leased-processes.ts";

let processes: LeasedProcesses;

beforeEach(() => {
  processes = new LeasedProcesses();
});

/** Starts a call in a process, and answers it with a task. */
async function startTask({ client, server }: LeasedProcess, tool = "plain"): Promise<Task> {
  const task = await client.start("lab", tool);
  await processes.pass(POLL_MS);
  await (await server.expect("tools/call")).reply(wire2026.createTaskResult);
  // The leader learns of it.
  await processes.pass(2 * POLL_MS);
  return task;
}

/** Waits for the next poll of a process, and answers it. */
async function poll({ server }: LeasedProcess, task: object): Promise<void> {
  await processes.pass(5_000);
  await (await server.expect("tasks/get")).reply(wire2026.getTaskResult(task));
  await processes.pass(2 * POLL_MS);
}

async function held(process: LeasedProcess, { id }: { readonly id: string }): Promise<Task> {
  const task = await process.client.get(id);
  if (!task) throw new Error(`${id} is not in the store`);
  return task;
}

const polls = ({ server }: LeasedProcess): number =>
  server.methods.filter((method) => method === "tasks/get").length;

describe("two processes with one store", () => {
  let leader: LeasedProcess;
  let other: LeasedProcess;
  beforeEach(async () => {
    leader = await processes.start();
    other = await processes.start();
  });

  test("one polls, and both have the result of a task that the other one started", async () => {
    const started = await startTask(other);
    const task = await held(leader, started);
    await poll(leader, wire2026.completed);
    expect(await started.result()).toMatchObject(wire2026.toolResult);
    expect(await task.result()).toMatchObject(wire2026.toolResult);
    expect(polls(other)).toBe(0);
  });

  test("a task is cancelled in the process that does not poll: the leader asks the server", async () => {
    const task = await held(other, await startTask(leader));
    const cancelling = task.cancel();
    await processes.pass(6 * POLL_MS);
    await cancelling;
    expect((await leader.server.expect("tasks/cancel")).params).toMatchObject({
      taskId: wire2026.working.taskId,
    });
    expect(other.server.methods).toEqual([]);
  });

  test("a question is answered in the process that does not poll: the leader sends the answer, once", async () => {
    const task = await held(other, await startTask(leader));
    await poll(leader, wire2026.inputRequired);
    const [question] = task.view.inputRequests;
    const answering = task.answer(question?.key ?? "", { action: "decline" });
    await processes.pass(6 * POLL_MS);
    await answering;
    expect(leader.server.methods.filter((method) => method === "tasks/update")).toHaveLength(1);
    expect(other.server.methods).toEqual([]);
  });

  test("a process that is closed gives its lead away at once, and close() resolves when that is stored", async () => {
    await startTask(leader);
    await leader.client.close();
    expect(await processes.database.leases.held()).toEqual([]);
    await processes.pass(2 * POLL_MS);
    await poll(other, wire2026.completed);
    expect((await other.client.list())[0]?.view.status).toBe("completed");
  });

  test("the leader dies: another process polls after leaseMs and pollMs, and not before", async () => {
    await startTask(leader);
    leader.pause();
    await processes.pass(LEASE_MS - 2 * POLL_MS - LEASE_MS / 3);
    expect(polls(other)).toBe(0);
    await processes.pass(2 * POLL_MS + LEASE_MS / 3 + POLL_MS);
    await (await other.server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.completed));
    await settled();
    expect((await other.client.list())[0]?.view.status).toBe("completed");
  });

  test("a process dies while its call is in flight: the leader recovers the call once its lease has expired", async () => {
    const { id } = await other.client.start("lab", "harmless");
    await processes.pass(POLL_MS);
    await other.server.expect("tools/call");
    other.pause();
    await processes.pass(LEASE_MS / 2);
    expect(leader.server.methods).toEqual([]);
    await processes.pass(LEASE_MS + POLL_MS);
    // Its tool only reads: the call is made again.
    await (await leader.server.expect("tools/call")).reply(wire2026.callResult);
    await processes.pass(POLL_MS);
    expect((await leader.client.get(id))?.view.status).toBe("completed");
  });

  describe("a leader that is paused for longer than its lease", () => {
    /** The leader has the end of the task, and pauses while it writes it; the other one leads, and knows nothing new. */
    async function replaced(): Promise<Task> {
      const task = await startTask(other);
      leader.pause("request");
      await processes.clock.advance(5_000);
      leader.continue();
      const arrival = await leader.server.expect("tasks/get");
      leader.pause("request");
      await arrival.reply(wire2026.getTaskResult(wire2026.completed));
      await processes.pass(LEASE_MS + 2 * POLL_MS);
      return task;
    }

    it("writes nothing when it continues: the store refuses its late write", async () => {
      const task = await replaced();
      const before = await processes.database.load(task.id);
      leader.continue();
      await processes.clock.advance(0);
      expect(await processes.database.load(task.id)).toEqual(before);
      await (await other.server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.cancelled));
      await processes.pass(POLL_MS);
      expect((await leader.client.get(task.id))?.view.status).toBe("cancelled");
    });

    it("follows then, and polls no more", async () => {
      const task = await replaced();
      const before = polls(leader);
      leader.continue();
      await processes.pass(POLL_MS);
      await (await other.server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.working));
      for (let round = 0; round < 3; round++) await poll(other, wire2026.working);
      expect(polls(leader)).toBe(before);
      const following = await held(leader, task);
      await poll(other, wire2026.completed);
      expect(following.view.status).toBe("completed");
    });
  });

  test("a process that was paused while it wrote a call does not send it once another one has recovered it", async () => {
    other.pauseAfterSave("calling");
    const task = await other.client.start("lab", "plain");
    await processes.pass(2 * LEASE_MS);
    expect((await leader.client.get(task.id))?.view.outcome?.kind).toBe("lost");
    other.continue();
    await processes.pass(LEASE_MS);
    expect([...leader.server.methods, ...other.server.methods]).toEqual([]);
    expect(task.view.outcome?.kind).toBe("lost");
  });

  test("what a process asks of a leader that is dead, it does itself once it leads", async () => {
    const task = await held(other, await startTask(leader));
    leader.pause();
    await processes.pass(LEASE_MS / 2);
    let cancelled = false;
    void task.cancel().then(() => {
      cancelled = true;
    });
    await processes.pass(LEASE_MS / 2 + 6 * POLL_MS);
    expect(cancelled).toBe(true);
    expect(other.server.methods).toContain("tasks/cancel");
  });

  test("a process that was paused for minutes, and missed messages, reads its tasks again", async () => {
    const task = await startTask(other);
    other.pause();
    await poll(leader, wire2026.completed);
    await processes.pass(300_000);
    expect((await processes.database.leases.read("0")).bodies).toEqual([]);
    other.continue();
    await processes.pass(2 * POLL_MS);
    expect(task.view.status).toBe("completed");
  });

  test("a long result is read from the store by the process that wants it, and is in no message", async () => {
    const text = "x".repeat(100_000);
    const task = await startTask(other);
    await poll(leader, { ...wire2026.completed, result: { content: [{ type: "text", text }] } });
    expect(await task.result()).toMatchObject({ content: [{ type: "text", text }] });
    const { bodies } = await processes.database.leases.read("0");
    expect(Math.max(...bodies.map(({ length }) => length))).toBeLessThan(10_000);
  });

  test("the database cannot be reached for longer than the lease: nobody polls until it can", async () => {
    await startTask(leader);
    processes.unreachable = true;
    await poll(leader, wire2026.working);
    await processes.pass(2 * LEASE_MS);
    expect([...leader.server.arrivals, ...other.server.arrivals]).toEqual([]);
    const before = polls(leader);
    await processes.pass(60_000);
    expect([polls(leader), polls(other)]).toEqual([before, 0]);
    expect(leader.problems).toContainEqual(
      expect.objectContaining({ kind: "storage", message: expect.stringContaining("leases") }),
    );
    processes.unreachable = false;
    await processes.pass(LEASE_MS + POLL_MS);
    const [poller] = [leader, other].filter(({ server }) => server.arrivals.length > 0);
    await (await poller?.server.expect("tasks/get"))?.reply(wire2026.getTaskResult(wire2026.completed));
    await processes.pass(2 * POLL_MS);
    expect((await other.client.list())[0]?.view.status).toBe("completed");
  });
});

test("of processes whose clocks differ by hours one leads, and another one when it dies", async () => {
  const ahead = await processes.start({ skewMs: 3 * 3_600_000 });
  const behind = await processes.start({ skewMs: -3 * 3_600_000 });
  const third = await processes.start();
  await startTask(third);
  expect((await processes.database.leases.held()).filter((name) => name.endsWith("/leader"))).toHaveLength(1);
  ahead.pause();
  await processes.pass(LEASE_MS + 2 * POLL_MS);
  const next = behind.server.arrivals.length > 0 ? behind : third;
  expect([behind, third].filter(({ server }) => server.arrivals.length > 0)).toEqual([next]);
  await (await next.server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.working));
  await poll(next, wire2026.completed);
  expect((await third.client.list())[0]?.view.status).toBe("completed");
});

test("2025-11-25: the leader looks for the call of a process that died, and finds its task", async () => {
  const leader = await processes.start({ labOf: lab2025 });
  const other = await processes.start({ labOf: lab2025 });
  const { id } = await other.client.start("lab", "required");
  await processes.pass(POLL_MS);
  await other.server.expect("tools/call");
  other.pause();
  await processes.pass(LEASE_MS + POLL_MS);
  await (await leader.server.expect("tasks/list")).reply({
    tasks: [{ ...wire2025.working, createdAt: new Date(processes.clock.now()).toISOString() }],
  });
  await processes.pass(POLL_MS);
  expect((await leader.client.get(id))?.view.taskId).toBe(wire2025.working.taskId);
});

test("`listen` has a process read a message at once", async () => {
  let wake = (): void => undefined;
  const leader = await processes.start();
  const other = await processes.start({
    pollMs: 60_000,
    listen: (wakes) => {
      wake = wakes;
    },
  });
  const task = await held(other, await startTask(leader));
  await poll(leader, wire2026.completed);
  expect(task.view.status).toBe("working");
  wake();
  await settled();
  expect(task.view.status).toBe("completed");
});

test("leases() throws a TypeError for a store without leases, and a RangeError for unfit times", () => {
  expect(() => leases(memoryStore() as LeasedStore)).toThrow(TypeError);
  const store = memoryDatabase(() => 0);
  for (const options of [{ leaseMs: 0 }, { leaseMs: 60_001 }, { leaseMs: Number.NaN }, { pollMs: 0 }])
    expect(() => leases(store, options)).toThrow(RangeError);
});

describe("the database of these tests", () => {
  const open = (): LeasedStore => memoryDatabase(() => Date.now());
  test.each([...storeContract(open), ...leaseContract(open)])("$title", ({ run }) => run());
});
