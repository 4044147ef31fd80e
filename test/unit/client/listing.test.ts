import { describe, expect, it } from "vitest";
import { type Task, TaskLostError } from "../../../src/index.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { lab2026 } from "../../fixtures/client-lab.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";
import { runningRecord, settledRecord, T0 } from "../../fixtures/records.ts";

describe("list, get and forget", () => {
  it("list gives what is stored and what runs, the earliest first, and starts nothing", async () => {
    const store = memoryStore();
    await store.save(settledRecord({ id: "over", createdAt: T0 - 2_000 }));
    await store.save(runningRecord({ id: "stored", createdAt: T0 - 1_000 }));
    const { client, server } = lab2026({ store });
    const calling = client.callTool("lab", "plain");
    await (await server.expect("tools/call")).reply(wire2026.createTaskResult);
    const task = await calling;
    expect((await client.list()).map(({ view: { id, status } }) => [id, status])).toEqual([
      ["over", "completed"],
      ["stored", "working"],
      [task.id, "working"],
    ]);
    await settled();
    expect(server.arrivals).toEqual([]);
  });

  it("get gives one task as long as it runs", async () => {
    const { client, server } = lab2026();
    const calling = client.callTool("lab", "plain");
    await (await server.expect("tools/call")).reply(wire2026.createTaskResult);
    const task = await calling;
    expect(await client.get(task.id)).toBe(task);
    expect((await client.list())[0]).toBe(task);
    expect((await client.resume())[0]).toBe(task);
  });

  it("get gives a settled task with its outcome", async () => {
    const store = memoryStore();
    await store.save(settledRecord({ id: "over" }));
    const { client } = lab2026({ store });
    const task = await client.get("over");
    expect(await task?.result()).toEqual({ content: [{ type: "text", text: "done" }] });
  });

  it("get gives nothing for an id nobody knows", async () => {
    expect(await lab2026().client.get("nobody")).toBeUndefined();
  });

  it("get reports a record it cannot read", async () => {
    const store = memoryStore();
    await store.save({ ...settledRecord({ id: "future" }), v: 99 as 2 });
    const { client, problems } = lab2026({ store });
    expect(await client.get("future")).toBeUndefined();
    expect(problems).toMatchObject([{ kind: "unreadable", id: "future" }]);
  });

  it("forget deletes what is settled", async () => {
    const { client, server, store } = lab2026();
    const calling = client.callTool("lab", "plain");
    await (await server.expect("tools/call")).reply(wire2026.createTaskResult);
    const task = await calling;
    server.send(wire2026.taskNotification(wire2026.completed));
    await task.result();
    expect(await store.load(task.id)).toBeDefined();
    await client.forget(task.id);
    expect(await store.load(task.id)).toBeUndefined();
    expect(await client.get(task.id)).toBeUndefined();
    expect(await client.list()).toEqual([]);
  });

  it("forget leaves what runs", async () => {
    const { client, server, store } = lab2026();
    const calling = client.callTool("lab", "plain");
    await (await server.expect("tools/call")).reply(wire2026.createTaskResult);
    const task = await calling;
    await client.forget(task.id);
    expect(await store.load(task.id)).toBeDefined();
    expect(await client.get(task.id)).toBe(task);
  });

  it("TaskClient.forget() with force deletes a running task, and its handle ends as lost", async () => {
    const { client, server, store, clock } = lab2026();
    const calling = client.callTool("lab", "plain");
    await (await server.expect("tools/call")).reply(wire2026.createTaskResult);
    const task = await calling;
    const refusal = expect(task.result()).rejects.toBeInstanceOf(TaskLostError);
    await client.forget(task.id, { force: true });
    await refusal;
    expect(await store.load(task.id)).toBeUndefined();
    expect(await client.list()).toEqual([]);
    await clock.advance(60_000);
    expect(server.methods).not.toContain("tasks/get");
  });

  it("forget of an unknown id is not an error", async () => {
    await expect(lab2026().client.forget("nobody")).resolves.toBeUndefined();
  });
});

describe("subscribe", () => {
  it("calls back for every change of any task, until it is ended", async () => {
    const { client, server, clock } = lab2026();
    const seen: Task[] = [];
    const stop = client.subscribe((task) => seen.push(task));
    const calling = client.callTool("lab", "plain");
    await (await server.expect("tools/call")).reply(wire2026.createTaskResult);
    const task = await calling;
    expect(seen).toContain(task);
    stop();
    const before = seen.length;
    await clock.advance(5_000);
    await (await server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.completed));
    await task.result();
    expect(seen).toHaveLength(before);
  });

  it("the listener sees the task as it is then", async () => {
    const { client, server } = lab2026();
    const statuses: string[] = [];
    client.subscribe(({ view: { status } }) => statuses.push(status));
    const calling = client.callTool("lab", "plain");
    await (await server.expect("tools/call")).reply(wire2026.createTaskResult);
    const task = await calling;
    server.send(wire2026.taskNotification(wire2026.completed));
    await task.result();
    expect(statuses.at(-1)).toBe("completed");
    expect(statuses).toContain("working");
  });

  it("a listener may end itself, or another, while it is called", async () => {
    const { client, server } = lab2026();
    let calls = 0;
    const stop = client.subscribe(() => {
      calls++;
      stop();
    });
    const calling = client.callTool("lab", "plain");
    await (await server.expect("tools/call")).reply(wire2026.createTaskResult);
    await calling;
    expect(calls).toBe(1);
  });
});

describe("close", () => {
  it("stops the polls and closes the connections; the store keeps the tasks", async () => {
    const { client, server, store, clock } = lab2026();
    const calling = client.callTool("lab", "plain");
    await (await server.expect("tools/call")).reply(wire2026.createTaskResult);
    const task = await calling;
    await client.close();
    expect(server.closes).toBe(1);
    await clock.advance(3_600_000);
    expect(server.methods).toEqual(["tools/call"]);
    expect(clock.pending).toBe(0);
    expect(await store.loadActive()).toMatchObject([{ id: task.id }]);
  });

  it("aborts the requests in flight, and ignores their replies", async () => {
    const { client, server, store, clock } = lab2026();
    const calling = client.callTool("lab", "plain");
    await (await server.expect("tools/call")).reply(wire2026.createTaskResult);
    const task = await calling;
    await clock.advance(5_000);
    const get = await server.expect("tasks/get");
    await client.close();
    expect(get.options.signal?.aborted).toBe(true);
    await get.reply(wire2026.getTaskResult(wire2026.completed));
    expect(await store.load(task.id)).toMatchObject({ stage: "running" });
  });
});

describe("a store that fails", () => {
  it("is reported, and the task goes on in memory", async () => {
    const broken = { ...memoryStore(), save: () => Promise.reject(new Error("The disk is full")) };
    const { client, server, clock, problems } = lab2026({ store: broken });
    const calling = client.callTool("lab", "plain");
    await (await server.expect("tools/call")).reply(wire2026.createTaskResult);
    const task = await calling;
    await clock.advance(5_000);
    await (await server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.completed));
    expect(await task.result()).toEqual(wire2026.toolResult);
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) {
      expect(problem).toMatchObject({ kind: "storage", id: task.id, error: new Error("The disk is full") });
    }
  });

  it("a session that cannot be stored or read is reported, and only costs a handshake", async () => {
    const broken = {
      ...memoryStore(),
      saveSession: () => Promise.reject(new Error("The disk is full")),
      loadSession: () => Promise.reject(new Error("The disk is gone")),
    };
    const { client, server, problems } = lab2026({ store: broken });
    const calling = client.callTool("lab", "plain");
    await (await server.expect("tools/call")).reply(wire2026.callResult);
    expect((await calling).view.status).toBe("completed");
    expect(problems.map(({ kind }) => kind)).toContain("storage");
  });
});
