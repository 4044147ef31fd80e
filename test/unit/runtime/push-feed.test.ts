import { describe, expect, it } from "vitest";
import type { RequestFailure } from "../../../src/engine/request-failure.ts";
import type { Task } from "../../../src/index.ts";
import { SUBSCRIPTION_ID } from "../../../src/protocol/session.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { type Lab, lab2025, lab2026 } from "../../fixtures/client-lab.ts";
import { http, network, rpcError } from "../../fixtures/failures.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";
import { runningRecord, snapshotOf } from "../../fixtures/records.ts";
import type { Arrival } from "../../fixtures/scripted-server.ts";

const LISTEN = "subscriptions/listen";
/** What the server suggests between two polls, in ms. */
const PACE = wire2026.working.pollIntervalMs;

function pushingLab(): Lab {
  return lab2026({ push: true });
}

/** Makes a call that becomes the server's task of this id. */
async function start(lab: Lab, taskId: string): Promise<Task> {
  const calling = lab.client.callTool("lab", "plain");
  await settled();
  const call = take(lab, "tools/call");
  await call?.reply({ ...wire2026.createTaskResult, taskId });
  return calling;
}

/** The oldest unanswered request of a method, taken off the list. */
function take({ server }: Lab, method: string): Arrival | undefined {
  const index = server.arrivals.findIndex((arrival) => arrival.method === method);
  return index < 0 ? undefined : server.arrivals.splice(index, 1)[0];
}

/** The tasks of each subscription that is open. */
function open({ server }: Lab): unknown[] {
  return server.arrivals.flatMap(({ method, params }) => (method === LISTEN ? [params.notifications] : []));
}

function opened({ server }: Lab): number {
  return server.methods.filter((method) => method === LISTEN).length;
}

async function acknowledge({ server }: Lab, ...taskIds: string[]): Promise<void> {
  const params = { _meta: { [SUBSCRIPTION_ID]: 2 ** 30 + 1 }, notifications: { taskIds } };
  expect(server.send({ jsonrpc: "2.0", method: "notifications/subscriptions/acknowledged", params })).toBe(
    true,
  );
  await settled();
}

/** Ends the open subscription. */
async function drop(lab: Lab, failure: RequestFailure): Promise<void> {
  const stream = take(lab, LISTEN);
  if (!stream) throw new Error("No subscription is open");
  await stream.fail(failure);
}

/** Waits until a subscription is opened, and says how long it took, in ms. */
async function untilOpened(lab: Lab, limit = 120_000): Promise<number> {
  const from = lab.clock.now();
  const before = opened(lab);
  while (opened(lab) === before) {
    if (lab.clock.now() - from > limit) throw new Error("No subscription was opened");
    await lab.clock.advance(10);
  }
  return lab.clock.now() - from;
}

/** Waits for the next poll, answers it, and says how long it took to come, in ms. */
async function poll(lab: Lab, task: object = {}): Promise<number> {
  const from = lab.clock.now();
  for (;;) {
    const get = take(lab, "tasks/get");
    if (get) {
      const { taskId } = get.params;
      await get.reply(wire2026.getTaskResult({ ...wire2026.working, ...task, taskId }));
      return lab.clock.now() - from;
    }
    if (lab.clock.now() - from > 600_000) throw new Error("No poll came");
    await lab.clock.advance(100);
  }
}

describe("2026-07-28: the subscription of an endpoint", () => {
  it("is one for all its tasks, which are gathered for a moment", async () => {
    const lab = pushingLab();
    await start(lab, "a");
    await start(lab, "b");
    expect(opened(lab)).toBe(0);
    await lab.clock.advance(50);
    expect(open(lab)).toEqual([{ taskIds: ["a", "b"] }]);
  });

  it("asks for task ids and nothing else, and has no timeout", async () => {
    const lab = pushingLab();
    await start(lab, "a");
    await lab.clock.advance(50);
    const listen = take(lab, LISTEN);
    expect(listen?.params).toEqual({ notifications: { taskIds: ["a"] } });
    expect(listen?.options.timeoutMs).toBe(Number.POSITIVE_INFINITY);
  });

  it("is not opened where the app does not want it", async () => {
    const lab = lab2026({ push: false });
    await start(lab, "a");
    await poll(lab);
    await lab.clock.advance(1_000);
    expect(opened(lab)).toBe(0);
  });

  it("is not opened for a task that has ended", async () => {
    const lab = pushingLab();
    await start(lab, "a");
    const fast = wire2026.taskNotification({ ...wire2026.completed, taskId: "a" });
    expect(lab.server.send(fast)).toBe(true);
    await settled();
    await lab.clock.advance(1_000);
    expect(opened(lab)).toBe(0);
  });

  it("is opened anew, once, when tasks join, and the previous one is aborted", async () => {
    const lab = pushingLab();
    await start(lab, "a");
    await lab.clock.advance(50);
    await start(lab, "b");
    await start(lab, "c");
    expect(open(lab), "until then the first goes on").toEqual([{ taskIds: ["a"] }]);
    await lab.clock.advance(50);
    expect(open(lab)).toEqual([{ taskIds: ["a", "b", "c"] }]);
    expect(opened(lab)).toBe(2);
  });

  it("stays as it is while one of its tasks is left, and is closed when none is", async () => {
    const lab = pushingLab();
    await start(lab, "a");
    await start(lab, "b");
    await lab.clock.advance(50);
    await acknowledge(lab, "a", "b");
    lab.server.send(wire2026.taskNotification({ ...wire2026.completed, taskId: "a" }));
    await settled();
    expect(open(lab)).toEqual([{ taskIds: ["a", "b"] }]);
    lab.server.send(wire2026.taskNotification({ ...wire2026.completed, taskId: "b" }));
    await settled();
    expect(open(lab)).toEqual([]);
    await lab.clock.advance(600_000);
    expect(opened(lab), "and is not opened again for nothing").toBe(1);
  });

  it("is opened again for the next task after it was closed", async () => {
    const lab = pushingLab();
    await start(lab, "a");
    await lab.clock.advance(50);
    lab.server.send(wire2026.taskNotification({ ...wire2026.completed, taskId: "a" }));
    await settled();
    await start(lab, "b");
    await lab.clock.advance(50);
    expect(open(lab)).toEqual([{ taskIds: ["b"] }]);
  });

  it("is closed with the client", async () => {
    const lab = pushingLab();
    await start(lab, "a");
    await lab.clock.advance(50);
    expect(open(lab)).toHaveLength(1);
    await lab.client.close();
    await lab.clock.advance(600_000);
    expect(open(lab)).toEqual([]);
    expect(opened(lab)).toBe(1);
  });

  it("of a task that is resumed is opened after its first poll", async () => {
    const store = memoryStore();
    await store.save(runningRecord({ snapshot: snapshotOf({ pollIntervalMs: PACE }) }));
    const lab = lab2026({ store, push: true });
    await lab.client.resume();
    await lab.clock.advance(1_000);
    expect(lab.server.methods).toEqual(["tasks/get"]);
    await poll(lab);
    await lab.clock.advance(50);
    expect(lab.server.methods).toEqual(["tasks/get", LISTEN]);
  });
});

describe("2026-07-28: a subscription that ends", () => {
  it.each([
    ["is dropped", network],
    ["is refused for now", http(503)],
    ["needs a new sign-in", { kind: "unauthorized", message: "Sign in first" } as const],
  ])("because it %s is opened again, later each time", async (_why, failure) => {
    const lab = pushingLab();
    await start(lab, "a");
    await lab.clock.advance(50);
    const waits: number[] = [];
    for (let attempt = 0; attempt < 5; attempt++) {
      await drop(lab, failure);
      waits.push(await untilOpened(lab));
    }
    for (const [attempt, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(500 * 2 ** attempt);
      expect(wait).toBeLessThanOrEqual(1_010 * 2 ** attempt);
    }
    expect(open(lab)).toEqual([{ taskIds: ["a"] }]);
  });

  it("by the server's own will, at once each time, is not asked for in a loop", async () => {
    const lab = pushingLab();
    await start(lab, "a");
    await lab.clock.advance(50);
    for (let second = 0; second < 600; second++) {
      await take(lab, LISTEN)?.reply({});
      await take(lab, "tasks/get")?.reply(wire2026.getTaskResult({ ...wire2026.working, taskId: "a" }));
      await lab.clock.advance(1_000);
    }
    // Doubling waits up to a minute: ten minutes hold seven of them and some nine more.
    expect(opened(lab)).toBeGreaterThan(10);
    expect(opened(lab)).toBeLessThan(30);
  });

  it("after it lived for long is opened again soon, however many ended before", async () => {
    const lab = pushingLab();
    await start(lab, "a");
    await lab.clock.advance(50);
    for (let attempt = 0; attempt < 6; attempt++) {
      await drop(lab, network);
      await untilOpened(lab);
    }
    await lab.clock.advance(61_000);
    await drop(lab, network);
    expect(await untilOpened(lab)).toBeLessThanOrEqual(1_010);
  });

  it("because the server is busy is opened again when the server said", async () => {
    const lab = pushingLab();
    await start(lab, "a");
    await lab.clock.advance(50);
    await drop(lab, http(503, 90_000));
    expect(await untilOpened(lab)).toBeGreaterThanOrEqual(90_000);
  });

  it("waits an hour at most, whatever time the server named", async () => {
    const lab = pushingLab();
    await start(lab, "task-1");
    await untilOpened(lab);
    await drop(lab, http(503, 86_400_000));
    const before = opened(lab);
    await lab.clock.advance(3_600_000);
    expect(opened(lab)).toBe(before + 1);
  });

  it.each([
    ["is unknown to the server", rpcError(-32601, "Method not found")],
    ["has no address", http(404)],
    ["is not allowed", http(403)],
  ])("because it %s is not opened again, for later tasks neither", async (_why, failure) => {
    const lab = pushingLab();
    const task = await start(lab, "a");
    await lab.clock.advance(50);
    await drop(lab, failure);
    await start(lab, "b");
    await lab.clock.advance(600_000);
    expect(opened(lab)).toBe(1);
    await poll(lab, wire2026.completed);
    expect(task.view.status, "and the polls go on").toBe("completed");
  });

  it("because the server pushes for none of our tasks is not opened again", async () => {
    const lab = pushingLab();
    await start(lab, "a");
    await lab.clock.advance(50);
    await acknowledge(lab, "somebody-else");
    expect(open(lab)).toEqual([]);
    await start(lab, "b");
    await lab.clock.advance(600_000);
    expect(opened(lab)).toBe(1);
  });
});

describe("a server that refused to push", () => {
  const HOUR = 3_600_000;

  /** The next page on the same store, an hour's fraction later; how often it asked the server to push. */
  async function laterPage({ store, client, clock, server }: Lab, waitMs: number): Promise<number> {
    await client.close();
    server.arrivals.splice(0);
    await clock.advance(waitMs);
    const before = opened({ server } as Lab);
    const lab = lab2026({ store, clock, server, push: true });
    await lab.client.resume();
    await poll(lab);
    await lab.clock.advance(100);
    await lab.client.close();
    return opened(lab) - before;
  }

  it.each([
    ["with an error", (lab: Lab) => drop(lab, rpcError(-32601, "Method not found"))],
    ["by pushing for none of our tasks", (lab: Lab) => acknowledge(lab)],
  ])("%s is not asked by the next page, until an hour has passed", async (_how, refuse) => {
    const lab = pushingLab();
    await start(lab, "a");
    await lab.clock.advance(50);
    await refuse(lab);
    await lab.clock.advance(10);
    expect(await laterPage(lab, HOUR / 2)).toBe(0);
    expect(await laterPage(lab, HOUR / 2)).toBe(1);
  });

  it("for now only is asked by the next page", async () => {
    const lab = pushingLab();
    await start(lab, "a");
    await lab.clock.advance(50);
    await drop(lab, http(503));
    expect(await laterPage(lab, 1_000)).toBe(1);
  });
});

describe("2026-07-28: the polls", () => {
  it("are at full pace until the subscription is acknowledged, and rarer from then on", async () => {
    const lab = pushingLab();
    await start(lab, "a");
    expect(await poll(lab)).toBe(PACE);
    expect(await poll(lab)).toBe(PACE);
    await acknowledge(lab, "a");
    expect(await poll(lab), "the next one was due anyway").toBe(PACE);
    expect(await poll(lab)).toBe(10 * PACE);
    expect(await poll(lab)).toBe(10 * PACE);
  });

  it("are at full pace again at once when the subscription ends", async () => {
    const lab = pushingLab();
    await start(lab, "a");
    await lab.clock.advance(50);
    await acknowledge(lab, "a");
    await poll(lab);
    await drop(lab, network);
    expect(await poll(lab)).toBe(PACE);
    expect(await poll(lab)).toBe(PACE);
  });

  it("are at full pace again when one brings a change that the stream did not report", async () => {
    const lab = pushingLab();
    await start(lab, "a");
    await lab.clock.advance(50);
    await acknowledge(lab, "a");
    await poll(lab);
    expect(await poll(lab, { statusMessage: "half", lastUpdatedAt: "2025-11-25T10:51:00Z" })).toBe(10 * PACE);
    expect(await poll(lab, { statusMessage: "half", lastUpdatedAt: "2025-11-25T10:51:00Z" })).toBe(PACE);
    expect(await poll(lab, { statusMessage: "half", lastUpdatedAt: "2025-11-25T10:51:00Z" })).toBe(PACE);
  });

  it("are rare for the tasks the server pushes for, and at full pace for the others", async () => {
    const lab = pushingLab();
    await start(lab, "a");
    await start(lab, "b");
    await lab.clock.advance(50);
    await acknowledge(lab, "b");
    const polled = { a: 0, b: 0 };
    for (let ms = 0; ms < 20 * PACE; ms += 100) {
      for (let get = take(lab, "tasks/get"); get; get = take(lab, "tasks/get")) {
        const { taskId } = get.params;
        polled[taskId as "a" | "b"]++;
        await get.reply(wire2026.getTaskResult({ ...wire2026.working, taskId }));
      }
      await lab.clock.advance(100);
    }
    expect(polled.a).toBeGreaterThanOrEqual(18);
    expect(polled.b).toBeGreaterThanOrEqual(1);
    expect(polled.b).toBeLessThanOrEqual(3);
  });

  it.each([
    ["only the new one", ["b"]],
    ["none any more", []],
  ])("are at full pace again for a task the next subscription leaves out: %s", async (_what, agreed) => {
    const lab = pushingLab();
    await start(lab, "a");
    await lab.clock.advance(50);
    await acknowledge(lab, "a");
    await poll(lab);
    const second = await start(lab, "b");
    await lab.clock.advance(50);
    await acknowledge(lab, ...agreed);
    lab.server.send(wire2026.taskNotification({ ...wire2026.completed, taskId: "b" }));
    await settled();
    expect(second.view.status).toBe("completed");
    expect(await poll(lab)).toBeLessThanOrEqual(PACE);
    expect(await poll(lab)).toBe(PACE);
  });
});

describe("2026-07-28: what is pushed", () => {
  it("is the task's news at once, and puts the next poll off", async () => {
    const lab = pushingLab();
    const task = await start(lab, "a");
    await lab.clock.advance(50);
    await acknowledge(lab, "a");
    const half = {
      ...wire2026.working,
      taskId: "a",
      statusMessage: "half",
      lastUpdatedAt: "2025-11-25T10:51:00Z",
    };
    expect(lab.server.send(wire2026.taskNotification(half))).toBe(true);
    await settled();
    expect(task.view.snapshot?.statusMessage).toBe("half");
    expect(await poll(lab, half)).toBe(10 * PACE);
  });

  it("may be the result: then the task took no poll at all", async () => {
    const lab = pushingLab();
    const task = await start(lab, "a");
    await lab.clock.advance(50);
    await acknowledge(lab, "a");
    lab.server.send(wire2026.taskNotification({ ...wire2026.completed, taskId: "a" }));
    expect(await task.result()).toEqual(wire2026.toolResult);
    expect(lab.server.methods).toEqual(["tools/call", LISTEN]);
  });

  it("for the subscription of somebody else on the same transport is not taken", async () => {
    const lab = pushingLab();
    await start(lab, "a");
    await lab.clock.advance(50);
    const params = { _meta: { [SUBSCRIPTION_ID]: "7" }, notifications: { taskIds: [] } };
    const message = { jsonrpc: "2.0", method: "notifications/subscriptions/acknowledged", params } as const;
    expect(lab.server.send(message)).toBe(false);
    expect(open(lab), "and does not end ours").toHaveLength(1);
  });
});

describe("2025-11-25: the stream of the session", () => {
  /** Takes two tasks up, and gives the first replies to their polls. */
  async function resumed(...replies: object[]): Promise<Lab> {
    const store = memoryStore();
    for (const index of replies.keys()) {
      const taskId = `task-${index}`;
      const id = `record-${index}`;
      await store.save(
        runningRecord({ id, taskId, generation: "2025-11-25", snapshot: snapshotOf({ taskId }) }),
      );
    }
    const lab = lab2025({ store, push: true });
    await lab.client.resume();
    await settled();
    expect(lab.server.listens, "the poll comes first").toBe(0);
    for (const reply of replies) {
      const get = await lab.server.expect("tasks/get");
      await get.reply({ ...reply, taskId: get.params.taskId });
    }
    return lab;
  }

  it("is opened once after the first poll that shows a task still running", async () => {
    const lab = await resumed(wire2025.working, wire2025.working);
    expect(lab.server.listens).toBe(1);
    await lab.clock.advance(5_000);
    await (await lab.server.expect("tasks/get")).reply({ ...wire2025.working, taskId: "task-0" });
    expect(lab.server.listens).toBe(1);
  });

  it("is not opened when the tasks have ended meanwhile", async () => {
    const lab = await resumed(wire2025.completed, wire2025.cancelled);
    await (await lab.server.expect("tasks/result")).reply(wire2025.toolResult);
    await lab.clock.advance(60_000);
    expect(lab.server.listens).toBe(0);
  });

  it("is not opened where the app does not want it", async () => {
    const store = memoryStore();
    await store.save(runningRecord({ generation: "2025-11-25" }));
    const lab = lab2025({ store, push: false });
    await lab.client.resume();
    await (await lab.server.expect("tasks/get")).reply({ ...wire2025.working, taskId: "task-1" });
    expect(lab.server.listens).toBe(0);
  });

  it("brings the news of a task", async () => {
    const lab = await resumed(wire2025.working);
    const [task] = await lab.client.resume();
    const half = { ...wire2025.working, taskId: "task-0", statusMessage: "half" };
    const message = { jsonrpc: "2.0", method: "notifications/tasks/status", params: half } as const;
    expect(lab.server.send({ ...message, params: { ...half, lastUpdatedAt: "2026-08-01T13:00:00Z" } })).toBe(
      true,
    );
    await settled();
    expect(task?.view.snapshot?.statusMessage).toBe("half");
  });
});
