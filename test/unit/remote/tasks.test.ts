import { describe, expect, it } from "vitest";
import { InputError, type Task, TaskLostError } from "../../../src/index.ts";
import { RemoteApiError } from "../../../src/remote/index.ts";
import {
  COMPLETED,
  COMPLETED_APART,
  ID,
  QUESTION,
  RESULT,
  type RemoteLab,
  remoteLab,
  T0,
  taskOf,
} from "./scripted-worker.ts";

const PATH = `/v1/tasks/${ID}`;

async function running(parts: Parameters<typeof taskOf>[0] = {}): Promise<RemoteLab & { task: Task }> {
  const lab = remoteLab();
  const calling = lab.client.callTool("papers", "report");
  await (await lab.worker.expect("POST", "/v1/endpoints/papers/calls")).reply(202, taskOf(parts));
  return { ...lab, task: await calling };
}

describe("tasks of the worker", () => {
  it("resume gives the unfinished ones, list all, from all pages, the earliest first", async () => {
    const { client, worker } = remoteLab();
    const page = (...numbers: number[]) =>
      numbers.map((n) => taskOf({ id: `papers.0.${n}`, createdAt: T0 + n, rev: n }));
    const resuming = client.resume();
    await (await worker.expect("GET", "/v1/tasks?limit=100&status=unfinished")).reply(200, {
      tasks: page(3, 2),
      nextCursor: "a/b",
    });
    await (await worker.expect("GET", "/v1/tasks?limit=100&status=unfinished&cursor=a%2Fb")).reply(200, {
      tasks: [...page(1), { id: "is no task" }],
    });
    const resumed = await resuming;
    expect(resumed.map(({ view: { createdAt } }) => createdAt - T0)).toEqual([1, 2, 3]);
    const listing = client.list();
    await (await worker.expect("GET", "/v1/tasks?limit=100")).reply(200, {
      tasks: [COMPLETED_APART, ...page(3)],
    });
    const [first, second] = await listing;
    expect(first?.view.outcome?.kind).toBe("completed");
    expect(second, "one handle a task").toBe(resumed[2]);
  });

  it("get gives one, or none", async () => {
    const { client, worker } = remoteLab();
    const getting = client.get(ID);
    await (await worker.expect("GET", PATH)).reply(200, COMPLETED);
    expect(await (await getting)?.result()).toEqual(RESULT);
    const missing = client.get("a/b");
    await (await worker.expect("GET", "/v1/tasks/a%2Fb")).refuse(404, "unknown-task");
    expect(await missing).toBeUndefined();
  });

  it("a read is tried four times, then rejects with the failure", async () => {
    const { client, worker, clock } = remoteLab();
    const refusal = expect(client.list()).rejects.toMatchObject({
      constructor: RemoteApiError,
      status: 0,
      code: "network",
    });
    for (let attempt = 1; attempt <= 4; attempt++) {
      await (await worker.expect("GET", "/v1/tasks?limit=100")).fail();
      await clock.advance(10_000);
    }
    await refusal;
    expect(worker.log).toHaveLength(4);
  });

  it("news that is older than what is known is not believed", async () => {
    const { client, worker, task } = await running({ rev: 5, status: "working" });
    const getting = client.get(ID);
    await (await worker.expect("GET", PATH)).reply(200, taskOf({ rev: 4, status: "calling" }));
    expect(await getting).toBe(task);
    expect(task.view.status).toBe("working");
  });

  it("a list that was on its way when a task ended does not bring it back to life", async () => {
    const { client, worker, task } = await running();
    const listing = client.list();
    const held = await worker.expect("GET", "/v1/tasks?limit=100");
    const getting = client.get(ID);
    await (await worker.expect("GET", PATH)).reply(200, COMPLETED);
    await getting;
    expect(task.view.status).toBe("completed");
    await held.reply(200, { tasks: [taskOf({ rev: 2 })] });
    expect((await listing).map(({ view: { status } }) => status)).toEqual(["completed"]);
  });

  it("a list that was on its way when a task failed in its tool says that it failed", async () => {
    const { client, worker } = await running();
    const listing = client.list();
    const held = await worker.expect("GET", "/v1/tasks?limit=100");
    const getting = client.get(ID);
    const result = { content: [{ type: "text", text: "No such paper" }], isError: true };
    const failed = taskOf({ rev: 3, status: "completed", outcome: { kind: "completed", result } });
    await (await worker.expect("GET", PATH)).reply(200, failed);
    await getting;
    await held.reply(200, { tasks: [taskOf({ rev: 2 })] });
    const [late] = await listing;
    expect(late?.view.outcome).toMatchObject({ kind: "completed", result: { isError: true } });
  });

  it("tools are those of the endpoint", async () => {
    const { client, worker } = remoteLab();
    const tool = { name: "report", facts: { taskSupport: "optional", repeatable: false }, definition: {} };
    const listing = client.listTools("a b");
    await (await worker.expect("GET", "/v1/endpoints/a%20b/tools")).reply(200, {
      tools: [tool, { name: 1 }],
    });
    expect(await listing).toEqual([tool]);
  });
});

describe("what a handle does", () => {
  it("result: fetches what the events leave out", async () => {
    const { task, worker } = await running();
    const stream = await (await worker.expect("GET", "/v1/events")).stream();
    await stream.ready(true);
    const reading = task.result();
    await stream.send("task", COMPLETED_APART, "p1");
    await (await worker.expect("GET", PATH)).reply(200, COMPLETED);
    expect(await reading).toEqual(RESULT);
  });

  it("result: one that was deleted meanwhile is lost", async () => {
    const { client, worker } = remoteLab();
    const listing = client.list();
    await (await worker.expect("GET", "/v1/tasks?limit=100")).reply(200, { tasks: [COMPLETED_APART] });
    const [task] = await listing;
    const refusal = expect(task?.result()).rejects.toBeInstanceOf(TaskLostError);
    await (await worker.expect("GET", PATH)).refuse(404, "unknown-task");
    await refusal;
  });

  it("cancel: asks the worker; for what has ended there is nothing to do", async () => {
    const { task, worker } = await running();
    const cancelling = task.cancel();
    await (await worker.expect("POST", `${PATH}/cancel`)).reply(202, taskOf({ rev: 2, cancelling: true }));
    await cancelling;
    expect(task.view.cancelling).toBe(true);
    const again = task.cancel();
    await (await worker.expect("POST", `${PATH}/cancel`)).refuse(409, "not-open");
    await again;
  });

  it("answer: sends it under its key", async () => {
    const { task, worker } = await running({ status: "input_required", inputRequests: [QUESTION] });
    const answering = task.answer("rpc/1", { action: "decline" });
    const request = await worker.expect("POST", `${PATH}/inputs/rpc%2F1`);
    expect(request.json).toEqual({ action: "decline" });
    await request.reply(202, taskOf({ rev: 2 }));
    await answering;
    expect(task.view.inputRequests).toEqual([]);
  });

  it.each([
    [422, "invalid-answer"],
    [409, "not-open"],
  ])("answer: %i %s is an InputError", async (status, code) => {
    const { task, worker } = await running({ status: "input_required", inputRequests: [QUESTION] });
    const refusal = expect(task.answer("rpc/1", {})).rejects.toMatchObject({
      constructor: InputError,
      key: "rpc/1",
      message: `Refused: ${code}`,
    });
    await (await worker.expect("POST", `${PATH}/inputs/rpc%2F1`)).refuse(status, code);
    await refusal;
  });

  it("answer: whose acknowledgement was lost is no longer open when it is sent again, which is not an error", async () => {
    const { task, worker, clock } = await running({ status: "input_required", inputRequests: [QUESTION] });
    const answering = task.answer("rpc/1", { action: "decline" });
    await (await worker.expect("POST", `${PATH}/inputs/rpc%2F1`)).fail();
    await clock.advance(1_000);
    await (await worker.expect("POST", `${PATH}/inputs/rpc%2F1`)).refuse(409, "not-open");
    await answering;
  });

  it("forget: deletes, leaves what runs, and does not mind what is gone", async () => {
    const { client, worker } = remoteLab();
    for (const answer of [204, 404, 409]) {
      const forgetting = client.forget(ID);
      const request = await worker.expect("DELETE", PATH);
      if (answer === 204) await request.reply(204);
      else await request.refuse(answer, "so");
      await forgetting;
    }
  });
});
