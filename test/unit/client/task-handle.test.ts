import { describe, expect, it } from "vitest";
import {
  InputError,
  type Task,
  TaskCancelledError,
  TaskExpiredError,
  TaskFailedError,
  TaskLostError,
  type TaskView,
} from "../../../src/index.ts";
import { type Lab, lab2025, lab2026 } from "../../fixtures/client-lab.ts";
import { network, unknownTask } from "../../fixtures/failures.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";

/** A lab, with a task of it that was just started. */
async function started(task: object = wire2026.working): Promise<Lab & { task: Task }> {
  const lab = lab2026();
  const calling = lab.client.callTool("lab", "plain");
  await (await lab.server.expect("tools/call")).reply({ ...task, resultType: "task" });
  return { ...lab, task: await calling };
}

/** Waits for the next poll and answers it. */
async function poll({ server, clock }: Lab, reply: object): Promise<void> {
  await clock.advance(5_000);
  await (await server.expect("tasks/get")).reply(wire2026.getTaskResult(reply));
}

describe("the result of a task", () => {
  it("is the tool's, its own failure included", async () => {
    const lab = await started();
    await poll(lab, wire2026.completedWithToolError);
    expect(await lab.task.result()).toEqual(wire2026.toolError);
    expect(await lab.task.result(), "as often as it is asked for").toEqual(wire2026.toolError);
  });

  it("failed: TaskFailedError, with the JSON-RPC error", async () => {
    const lab = await started();
    const refusal = expect(lab.task.result()).rejects.toMatchObject({
      constructor: TaskFailedError,
      failure: { rpc: wire2026.rpcError },
      task: { id: lab.task.id, endpoint: "lab", tool: "plain", taskId: wire2026.TASK_ID },
    });
    await poll(lab, wire2026.failed);
    await refusal;
  });

  it("cancelled: TaskCancelledError, confirmed", async () => {
    const lab = await started();
    const refusal = expect(lab.task.result()).rejects.toMatchObject({
      constructor: TaskCancelledError,
      confirmed: true,
    });
    await poll(lab, wire2026.cancelled);
    await refusal;
  });

  it("cancelled by the app and never confirmed: TaskCancelledError, which says so", async () => {
    const { task, server, clock } = await started();
    const refusal = expect(task.result()).rejects.toMatchObject({
      constructor: TaskCancelledError,
      confirmed: false,
    });
    await task.cancel();
    await (await server.expect("tasks/cancel")).reply(wire2026.acknowledgement);
    await clock.advance(60_000);
    await refusal;
  });

  it("gone after its TTL: TaskExpiredError", async () => {
    const { task, server, clock } = await started({ ...wire2026.working, ttlMs: 5_000 });
    const refusal = expect(task.result()).rejects.toBeInstanceOf(TaskExpiredError);
    await clock.advance(5_000);
    await (await server.expect("tasks/get")).fail(unknownTask);
    await refusal;
  });

  it("gone before its TTL: TaskLostError", async () => {
    const { task, server, clock } = await started();
    const refusal = expect(task.result()).rejects.toMatchObject({
      constructor: TaskLostError,
      candidates: [],
    });
    await clock.advance(5_000);
    await (await server.expect("tasks/get")).fail(unknownTask);
    await refusal;
  });

  it("a signal ends the wait, not the task", async () => {
    const lab = await started();
    const controller = new AbortController();
    const reason = new Error("The dialog was closed");
    const end = expect(lab.task.result({ signal: controller.signal })).rejects.toBe(reason);
    controller.abort(reason);
    await end;
    await poll(lab, wire2026.completed);
    expect(await lab.task.result()).toEqual(wire2026.toolResult);
  });

  it("a signal that was aborted before ends the wait at once", async () => {
    const { task } = await started();
    const reason = new Error("Too late");
    await expect(task.result({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe("reading a task's changes", () => {
  async function collect(task: Task): Promise<readonly TaskView[]> {
    const updates: TaskView[] = [];
    for await (const update of task) updates.push(update);
    return updates;
  }

  it("begins with the present state, and ends with the outcome", async () => {
    const lab = await started();
    const reading = collect(lab.task);
    await poll(lab, { ...wire2026.working, statusMessage: "half", lastUpdatedAt: "2025-11-25T10:51:00Z" });
    await poll(lab, { ...wire2026.completed, lastUpdatedAt: "2025-11-25T10:52:00Z" });
    const updates = await reading;
    expect(updates.map(({ status, snapshot }) => [status, snapshot?.statusMessage])).toEqual([
      ["working", "The operation is now in progress."],
      ["working", "half"],
      ["completed", undefined],
    ]);
    expect(updates.at(-1)?.outcome).toEqual({ kind: "completed", result: wire2026.toolResult });
  });

  it("a settled task is one update", async () => {
    const lab = await started();
    await poll(lab, wire2026.completed);
    expect((await collect(lab.task)).map(({ status }) => status)).toEqual(["completed"]);
  });

  it("a slow reader sees the latest state, not all of them", async () => {
    const lab = await started();
    const reader = lab.task[Symbol.asyncIterator]();
    expect((await reader.next()).value).toMatchObject({ status: "working" });
    for (const minute of ["51", "52", "53"]) {
      const lastUpdatedAt = `2025-11-25T10:${minute}:00Z`;
      await poll(lab, { ...wire2026.working, statusMessage: minute, lastUpdatedAt });
    }
    expect((await reader.next()).value).toMatchObject({ snapshot: { statusMessage: "53" } });
    await poll(lab, { ...wire2026.completed, lastUpdatedAt: "2025-11-25T10:54:00Z" });
    expect((await reader.next()).value).toMatchObject({ status: "completed" });
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  it("two readers read on their own", async () => {
    const lab = await started();
    const readings = Promise.all([collect(lab.task), collect(lab.task)]);
    await poll(lab, wire2026.completed);
    const [one, two] = await readings;
    expect(one).toEqual(two);
  });

  it("leaving the loop leaves no listener, and the task goes on", async () => {
    const lab = await started();
    for await (const update of lab.task) {
      expect(update.status).toBe("working");
      break;
    }
    await poll(lab, wire2026.completed);
    expect(lab.task.view.status).toBe("completed");
  });

  it("what changes nothing makes no update, and the state stays the same object", async () => {
    const lab = await started();
    const before = lab.task.view;
    let changes = 0;
    const stop = lab.task.subscribe(() => changes++);
    await poll(lab, wire2026.working);
    expect(lab.task.view).toBe(before);
    expect(changes).toBe(0);
    await poll(lab, wire2026.completed);
    expect(changes).toBe(1);
    stop();
  });

  it("request failures appear as `retry`, and disappear when a request succeeds", async () => {
    const lab = await started();
    await lab.clock.advance(5_000);
    await (await lab.server.expect("tasks/get")).fail(network);
    expect(lab.task.view).toMatchObject({ status: "working", retry: { failure: network } });
    await lab.clock.advance(1_000);
    await (await lab.server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.working));
    expect(lab.task.view).not.toHaveProperty("retry");
  });

  it("progress of the call is progress of the task", async () => {
    const lab = await started();
    const params = { progressToken: lab.task.id, progress: 3, total: 10, message: "third" };
    expect(lab.server.send({ jsonrpc: "2.0", method: "notifications/progress", params })).toBe(true);
    await settled();
    expect(lab.task.view.progress).toEqual({ progress: 3, total: 10, message: "third" });
  });

  it("a status notification is believed at once", async () => {
    const lab = await started();
    expect(lab.server.send(wire2026.taskNotification(wire2026.completed))).toBe(true);
    expect(await lab.task.result()).toEqual(wire2026.toolResult);
  });

  it("a notification of somebody else's task is not taken", async () => {
    const lab = await started();
    const other = wire2026.taskNotification({ ...wire2026.completed, taskId: "somebody-else" });
    expect(lab.server.send(other)).toBe(false);
    await settled();
    expect(lab.task.view.status).toBe("working");
  });

  it("a malformed notification changes nothing", async () => {
    const lab = await started();
    lab.server.send(wire2026.taskNotification({ ...wire2026.completed, status: "unheard of" }));
    await settled();
    expect(lab.task.view.status).toBe("working");
    await poll(lab, wire2026.completed);
    expect(lab.task.view.status).toBe("completed");
  });
});

describe("answering", () => {
  it("2026-07-28: an answer is stored, then sent by tasks/update", async () => {
    const lab = await started();
    await poll(lab, { ...wire2026.inputRequired, inputRequests: { name: wire2026.inputRequests.name } });
    expect(lab.task.view.status).toBe("input_required");
    const [question] = lab.task.view.inputRequests;
    expect(question).toMatchObject({ key: "name", method: "elicitation/create" });
    await lab.task.answer("name", wire2026.inputResponses.name);
    expect(await lab.store.load(lab.task.id)).toMatchObject({
      inputs: [{ key: "name", response: wire2026.inputResponses.name }],
    });
    const update = await lab.server.expect("tasks/update");
    expect(update.params).toEqual({
      taskId: wire2026.TASK_ID,
      inputResponses: { name: wire2026.inputResponses.name },
    });
    await update.reply(wire2026.acknowledgement);
    expect(lab.task.view.inputRequests).toEqual([]);
    expect(await lab.store.load(lab.task.id)).toMatchObject({ inputs: [{ state: "delivered" }] });
  });

  it("2025-11-25: a question comes on the side channel, and is answered there", async () => {
    const lab = lab2025();
    const calling = lab.client.callTool("lab", "report");
    await (await lab.server.expect("tools/call")).reply(wire2025.createTaskResult);
    const task = await calling;
    await lab.clock.advance(5_000);
    await (await lab.server.expect("tasks/get")).reply(wire2025.inputRequired);
    const result = await lab.server.expect("tasks/result");
    expect(lab.server.send(wire2025.elicitRequest)).toBe(true);
    await settled();
    const [question] = task.view.inputRequests;
    expect(question?.params).toEqual({
      mode: "form",
      message: "Which edition?",
      requestedSchema: wire2025.elicitRequest.params.requestedSchema,
    });
    await task.answer(question?.key ?? "", wire2025.elicitResult);
    await settled();
    expect(lab.server.responses).toEqual([
      { id: 7, result: { ...wire2025.elicitResult, _meta: wire2025.RELATED } },
    ]);
    await result.reply(wire2025.toolResultOfTask);
    expect(await task.result()).toEqual(wire2025.toolResultOfTask);
  });

  it("2025-11-25: a question without a task of ours is left to the app's own Client", async () => {
    const lab = lab2025();
    const calling = lab.client.callTool("lab", "report");
    await (await lab.server.expect("tools/call")).reply(wire2025.createTaskResult);
    await calling;
    const { _meta: _related, ...params } = wire2025.elicitRequest.params;
    expect(lab.server.send({ ...wire2025.elicitRequest, params })).toBe(false);
    expect(lab.server.send({ ...wire2025.elicitRequest, method: "ping" })).toBe(false);
  });

  it("an unknown key throws an InputError that names the task, and sends nothing", async () => {
    const { task, server } = await started();
    await expect(task.answer("name", { action: "accept" })).rejects.toMatchObject({
      constructor: InputError,
      key: "name",
      task: { id: task.id, endpoint: "lab", tool: "plain", taskId: wire2026.TASK_ID },
    });
    await settled();
    expect(server.arrivals).toEqual([]);
  });

  it("the same key a second time throws an InputError", async () => {
    const lab = await started();
    await poll(lab, { ...wire2026.inputRequired, inputRequests: { name: wire2026.inputRequests.name } });
    const first = lab.task.answer("name", wire2026.inputResponses.name);
    const second = expect(lab.task.answer("name", { action: "decline" })).rejects.toBeInstanceOf(InputError);
    await first;
    await second;
    expect((await lab.server.expect("tasks/update")).params).toMatchObject({
      inputResponses: { name: wire2026.inputResponses.name },
    });
  });

  it("a task that is over throws an InputError that still names it", async () => {
    const lab = await started();
    await poll(lab, wire2026.completed);
    await expect(lab.task.answer("name", {})).rejects.toMatchObject({
      constructor: InputError,
      task: { id: lab.task.id, endpoint: "lab", tool: "plain" },
    });
  });
});

describe("cancelling", () => {
  it("is durable when it resolves, and shown until the outcome is known", async () => {
    const { task, server, store } = await started();
    await task.cancel();
    expect(await store.load(task.id)).toMatchObject({ cancel: { requestedAt: expect.any(Number) } });
    expect(task.view).toMatchObject({ status: "working", cancelling: true });
    await (await server.expect("tasks/cancel")).reply(wire2026.acknowledgement);
    expect(server.send(wire2026.taskNotification(wire2026.cancelled))).toBe(true);
    await settled();
    expect(task.view).toMatchObject({ status: "cancelled", cancelling: false });
  });

  it("a task that is over is nothing to cancel", async () => {
    const lab = await started();
    await poll(lab, wire2026.completed);
    await lab.task.cancel();
    await settled();
    expect(lab.server.arrivals).toEqual([]);
    expect(lab.task.view.status).toBe("completed");
  });

  it("a task that was only looked up is cancelled, not ignored", async () => {
    const before = await started();
    await before.client.close();
    const { client, server, store } = lab2026({ store: before.store });
    const task = await client.get(before.task.id);
    await task?.cancel();
    expect(await store.load(before.task.id)).toMatchObject({ cancel: { requestedAt: expect.any(Number) } });
    await settled();
    expect(server.methods).toContain("tasks/cancel");
  });
});

it("a poll that brings nothing new wakes nobody who watches the task, and one that does wakes each", async () => {
  const lab = await started();
  const seen: unknown[] = [];
  lab.task.subscribe(() => seen.push(lab.task.view.snapshot?.statusMessage));
  await poll(lab, wire2026.working);
  await settled();
  expect(seen).toEqual([]);
  await poll(lab, { ...wire2026.working, statusMessage: "half" });
  await settled();
  expect(seen).toEqual(["half"]);
});
