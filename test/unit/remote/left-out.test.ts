import { describe, expect, it } from "vitest";
import { TaskLostError } from "../../../src/index.ts";
import { askingTask, ID, QUESTION, remoteLab, T0, taskOf } from "./scripted-worker.ts";

const ALL = "/v1/tasks?limit=100";
const PATH = `/v1/tasks/${ID}`;

describe("what the worker could not read", () => {
  it("RemoteTaskClient.list() reports each missing endpoint once, whatever the number of pages", async () => {
    const { client, worker, problems } = remoteLab();
    const listing = client.list();
    await (await worker.expect("GET", ALL)).reply(200, {
      tasks: [taskOf()],
      nextCursor: "next",
      missing: ["books", "films"],
    });
    await (await worker.expect("GET", `${ALL}&cursor=next`)).reply(200, { tasks: [], missing: ["books"] });
    expect(await listing).toHaveLength(1);
    expect(problems).toMatchObject([
      { kind: "incomplete-list", endpoint: "books", message: expect.stringContaining("books") },
      { kind: "incomplete-list", endpoint: "films" },
    ]);
  });

  it.each([
    ["the cursor it was asked for", ["a", "a"]],
    ["an earlier cursor", ["a", "b", "a"]],
    ["an empty cursor", ["", ""]],
  ])("RemoteTaskClient.list() ends, and reports it, where a page names %s", async (_which, cursors) => {
    const { client, worker, problems } = remoteLab();
    const listing = client.list();
    let path = ALL;
    for (const nextCursor of cursors) {
      await (await worker.expect("GET", path)).reply(200, { tasks: [taskOf()], nextCursor });
      path = `${ALL}&cursor=${nextCursor}`;
    }
    expect(await listing, "one id is one task").toHaveLength(1);
    expect(problems).toMatchObject([
      {
        kind: "incomplete-list",
        message: expect.stringMatching(/GET \/v1\/tasks names the cursor .* again/),
      },
    ]);
    expect(problems[0]).not.toHaveProperty("endpoint");
  });

  it("RemoteTaskClient.list() reports nothing when the list is whole", async () => {
    const { client, worker, problems } = remoteLab();
    const listing = client.list();
    await (await worker.expect("GET", ALL)).reply(200, { tasks: [taskOf()] });
    await listing;
    expect(problems).toEqual([]);
  });

  it("a task of an unreadable endpoint does not delay what happened to the others", async () => {
    const { client, worker, clock } = remoteLab();
    const listing = client.list();
    const broken = taskOf({ id: "books.0.1", endpoint: "books", createdAt: T0 - 1 });
    await (await worker.expect("GET", ALL)).reply(200, { tasks: [broken, taskOf()] });
    const [, task] = await listing;
    const stream = await (await worker.expect("GET", "/v1/events")).stream();
    await stream.ready(false);
    await (await worker.expect("GET", `${ALL}&status=unfinished`)).reply(200, {
      tasks: [],
      missing: ["books"],
    });
    await (await worker.expect("GET", "/v1/tasks/books.0.1")).refuse(500, "internal");
    await (await worker.expect("GET", PATH)).refuse(404, "unknown-task");
    await clock.advance(0);
    expect(task?.view.status).toBe("lost");
  });
});

describe("what a list leaves out", () => {
  it("a handle keeps arguments that it knows", async () => {
    const { client, worker } = remoteLab();
    const calling = client.callTool("papers", "report", { pages: 3 });
    await (await worker.expect("POST", "/v1/endpoints/papers/calls")).reply(202, taskOf());
    const task = await calling;
    const stream = await (await worker.expect("GET", "/v1/events")).stream();
    await stream.send("task", taskOf({ rev: 2, arguments: {}, omitted: ["arguments"] }), "p1");
    expect(task.view.arguments).toEqual({ pages: 3 });
  });

  it("the client fetches the questions of a task that were left out", async () => {
    const { client, worker } = remoteLab();
    const listing = client.list();
    const lean = { ...askingTask(2), inputRequests: [], omitted: ["inputRequests"] };
    await (await worker.expect("GET", ALL)).reply(200, { tasks: [lean] });
    const [task] = await listing;
    expect(task?.view.inputRequests).toEqual([]);
    await (await worker.expect("GET", PATH)).reply(200, askingTask(2));
    expect(task?.view.inputRequests).toMatchObject([QUESTION]);
    // Known at this `rev`, they are not fetched again.
    const again = client.list();
    await (await worker.expect("GET", ALL)).reply(200, { tasks: [lean] });
    await again;
    expect(task?.view.inputRequests).toMatchObject([QUESTION]);
    expect(worker.log.filter((line) => line === `GET ${PATH}`)).toHaveLength(1);
  });

  it("questions of an earlier rev do not stand in for those left out", async () => {
    const { client, worker } = remoteLab();
    const getting = client.get(ID);
    await (await worker.expect("GET", PATH)).reply(200, askingTask(2));
    const task = await getting;
    const stream = await (await worker.expect("GET", "/v1/events")).stream();
    const lean = { ...askingTask(3), inputRequests: [], omitted: ["inputRequests"] };
    await stream.send("task", lean, "p1");
    expect(task?.view.inputRequests).toEqual([]);
    const next = { ...QUESTION, key: "rpc/2" };
    await (await worker.expect("GET", PATH)).reply(200, { ...askingTask(3), inputRequests: [next] });
    expect(task?.view.inputRequests).toMatchObject([next]);
  });
});

it("RemoteTaskClient.forget() with force deletes a running task, and its handle ends as lost", async () => {
  const { client, worker } = remoteLab();
  const getting = client.get(ID);
  await (await worker.expect("GET", PATH)).reply(200, taskOf());
  const task = await getting;
  const refusal = expect(task?.result()).rejects.toBeInstanceOf(TaskLostError);
  const forgetting = client.forget(ID, { force: true });
  await (await worker.expect("DELETE", `${PATH}?force=true`)).reply(204);
  await forgetting;
  await refusal;
});
