import { describe, expect, it } from "vitest";
import {
  RequestFailedError,
  TaskFailedError,
  TaskLostError,
  UnknownEndpointError,
} from "../../../src/index.ts";
import { lab2025, lab2026 } from "../../fixtures/client-lab.ts";
import { http, malformed, network, rpcError, timeout, unauthorized } from "../../fixtures/failures.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";
import { T0 } from "../../fixtures/records.ts";

describe("callTool, 2025-11-25", () => {
  it("a plain tool: sent without a task, answered with its result, and stored only until it is known to be plain", async () => {
    const { client, server, store } = lab2025();
    const saved: string[] = [];
    const { save } = store;
    store.save = (record) => {
      saved.push(record.stage);
      return save(record);
    };
    const calling = client.callTool("lab", "plain", { city: "Oslo" });
    const call = await server.expect("tools/call");
    expect(call.params).toMatchObject({ name: "plain", arguments: { city: "Oslo" } });
    expect(call.params).not.toHaveProperty("task");
    expect(await store.loadActive()).toEqual([]);
    await call.reply(wire2025.toolResult);
    const task = await calling;
    expect(task.view.status).toBe("completed");
    expect(await task.result()).toEqual(wire2025.toolResult);
    expect(task.view.taskId).toBeUndefined();
    expect(saved).toEqual(["queued"]);
    expect(await client.list()).toEqual([]);
  });

  it("a plain tool that fails rejects, and leaves nothing in the store", async () => {
    const { client, server, store } = lab2025();
    const calling = client.callTool("lab", "plain");
    const refusal = expect(calling).rejects.toBeInstanceOf(TaskFailedError);
    await (await server.expect("tools/call")).fail(rpcError(-32603, "No such city"));
    await refusal;
    expect(await store.loadActive()).toEqual([]);
    expect(await store.loadSettled()).toEqual([]);
  });

  it("as a task: the handle is stored before it is given", async () => {
    const { client, server, store } = lab2025();
    const calling = client.callTool("lab", "report", { city: "Oslo" }, { ttlMs: 60_000 });
    const call = await server.expect("tools/call");
    expect(call.params.task).toEqual({ ttl: 60_000 });
    await call.reply(wire2025.createTaskResultWithMessage);
    const task = await calling;
    expect(task.view).toMatchObject({
      endpoint: "lab",
      tool: "report",
      arguments: { city: "Oslo" },
      taskId: wire2025.TASK_ID,
      status: "working",
      createdAt: T0,
      immediateResponse: "The report is on its way.",
    });
    expect(await store.load(task.id)).toMatchObject({ taskId: wire2025.TASK_ID, stage: "running" });
  });

  it("as a task: polled at the server's interval, then its result is fetched and stored", async () => {
    const { client, server, store, clock } = lab2025();
    const calling = client.callTool("lab", "report");
    await (await server.expect("tools/call")).reply(wire2025.createTaskResult);
    const task = await calling;
    await clock.advance(4_999);
    expect(server.arrivals).toEqual([]);
    await clock.advance(1);
    await (await server.expect("tasks/get")).reply(wire2025.completed);
    await (await server.expect("tasks/result")).reply(wire2025.toolResultOfTask);
    expect(await task.result()).toEqual(wire2025.toolResultOfTask);
    expect(await store.loadActive()).toEqual([]);
    expect(await store.load(task.id)).toMatchObject({ stage: "settled", outcome: { kind: "completed" } });
    await clock.advance(3_600_000);
    expect(server.arrivals, "nothing is asked after the end").toEqual([]);
  });

  it("an optional tool can be called plainly", async () => {
    const { client, server, store } = lab2025();
    const calling = client.callTool("lab", "report", {}, { prefer: "plain" });
    const call = await server.expect("tools/call");
    expect(call.params).not.toHaveProperty("task");
    expect(await store.loadActive()).toEqual([]);
    await call.reply(wire2025.toolResult);
    expect((await calling).view.status).toBe("completed");
  });

  it("a required tool is called as a task whatever is preferred", async () => {
    const { client, server } = lab2025();
    const calling = client.callTool("lab", "required", {}, { prefer: "plain" });
    const call = await server.expect("tools/call");
    expect(call.params.task).toEqual({});
    await call.reply(wire2025.createTaskResult);
    await calling;
  });

  it("a server without a list of tools is called all the same", async () => {
    const { client, server } = lab2025();
    server.tools = rpcError(-32601, "No tools/list");
    const calling = client.callTool("lab", "report");
    const call = await server.expect("tools/call");
    expect(call.params).not.toHaveProperty("task");
    await call.reply(wire2025.toolResult);
    await calling;
  });

  it("the tools are asked for once, however many calls there are", async () => {
    const { client, server } = lab2025();
    for (let count = 0; count < 3; count++) {
      const calling = client.callTool("lab", "plain");
      await (await server.expect("tools/call")).reply(wire2025.toolResult);
      await calling;
    }
    expect(server.lists).toBe(1);
    expect(server.connects).toBe(1);
  });
});

describe("callTool, 2026-07-28", () => {
  it("a call that the server answers at once is in the store while it is in flight, and not after", async () => {
    const { client, server, store } = lab2026();
    const calling = client.callTool("lab", "plain");
    const call = await server.expect("tools/call");
    expect(await store.loadActive()).toHaveLength(1);
    await call.reply(wire2026.callResult);
    expect((await calling).view.outcome).toEqual({ kind: "completed", result: wire2026.callResult });
    expect(await store.loadActive()).toEqual([]);
    expect(await store.loadSettled()).toEqual([]);
  });

  it("a task, polled to its end in one kind of request", async () => {
    const { client, server, clock } = lab2026();
    const calling = client.callTool("lab", "plain");
    await (await server.expect("tools/call")).reply(wire2026.createTaskResult);
    const task = await calling;
    await clock.advance(5_000);
    await (await server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.completed));
    expect(await task.result()).toEqual(wire2026.toolResult);
    expect(server.methods).toEqual(["tools/call", "tasks/get"]);
  });

  it("a question before the task is given to the app, which answers it", async () => {
    const { client, server } = lab2026();
    const calling = client.callTool("lab", "plain");
    await (await server.expect("tools/call")).reply({
      resultType: "input_required",
      inputRequests: { name: wire2026.inputRequests.name },
      requestState: "opaque",
    });
    const task = await calling;
    expect(task.view.status).toBe("input_required");
    expect(task.view.inputRequests).toMatchObject([{ key: "name", method: "elicitation/create" }]);
    await task.answer("name", wire2026.inputResponses.name);
    const retry = await server.expect("tools/call");
    expect(retry.params).toMatchObject({
      name: "plain",
      inputResponses: { name: wire2026.inputResponses.name },
      requestState: "opaque",
    });
    await retry.reply(wire2026.createTaskResult);
    expect(task.view.status).toBe("working");
    expect(task.view.taskId).toBe(wire2026.TASK_ID);
  });

  it("parameters that travel as headers do", async () => {
    const { client, server } = lab2026();
    server.tools = [wire2026.executeSqlTool];
    const calling = client.callTool("lab", "execute_sql", { region: "Hello, 世界", query: "SELECT 1" });
    const call = await server.expect("tools/call");
    expect(call.frame.headers).toEqual({ "Mcp-Param-Region": "=?base64?SGVsbG8sIOS4lueVjA==?=" });
    await call.reply(wire2026.callResult);
    await calling;
  });

  it("the arguments are those of the moment of the call, whatever the app does to its object", async () => {
    const { client, server, clock } = lab2026();
    const args = { city: "Oslo", where: { zone: 1 } };
    const calling = client.callTool("lab", "harmless", args);
    const first = await server.expect("tools/call");
    args.city = "Bergen";
    args.where.zone = 2;
    await first.fail(network);
    await clock.advance(2_000);
    const again = await server.expect("tools/call");
    expect(again.params.arguments).toEqual({ city: "Oslo", where: { zone: 1 } });
    await again.reply(wire2026.callResult);
    await calling;
  });
});

describe("callTool that comes to nothing", () => {
  it("an endpoint nobody gave", async () => {
    const { client } = lab2026();
    await expect(client.callTool("elsewhere", "plain")).rejects.toThrow(UnknownEndpointError);
    await expect(client.callTool("elsewhere", "plain")).rejects.toThrow(/there are: lab/);
  });

  it.each([
    ["no MCP server at the address", http(404)],
    ["a page instead of an MCP server", malformed],
    ["a missing sign-in", unauthorized],
    ["a refused handshake", { ...rpcError(-32602), unsent: true }],
  ] as const)("%s: rejects, nothing is sent and nothing is stored", async (_what, failure) => {
    const { client, server, store } = lab2026();
    server.refusals.push(failure);
    const thrown = await client.callTool("lab", "plain").catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(RequestFailedError);
    expect(thrown).toMatchObject({
      method: "connect",
      failure: { kind: failure.kind, message: failure.message },
    });
    expect([...(await store.loadActive()), ...(await store.loadSettled())]).toEqual([]);
    expect(server.methods).toEqual([]);
    const calling = client.callTool("lab", "plain");
    await (await server.expect("tools/call")).reply(wire2026.callResult);
    expect((await calling).view.status).toBe("completed");
  });

  it("refused by the server: the error says what it said", async () => {
    const { client, server } = lab2026();
    const calling = client.callTool("lab", "plain");
    const refusal = expect(calling).rejects.toMatchObject({
      name: "TaskFailedError",
      failure: { rpc: { code: -32602, message: "Bad city" } },
      task: { endpoint: "lab", tool: "plain" },
    });
    await (await server.expect("tools/call")).fail(rpcError(-32602, "Bad city"));
    await refusal;
  });

  it("no reply, and it may not be repeated: lost, and the store says so", async () => {
    const { client, server, store } = lab2026();
    const calling = client.callTool("lab", "plain");
    const loss = expect(calling).rejects.toBeInstanceOf(TaskLostError);
    await (await server.expect("tools/call")).fail(timeout);
    await loss;
    expect(await store.loadActive()).toEqual([]);
    expect(await store.loadSettled()).toMatchObject([{ outcome: { kind: "lost" } }]);
  });

  it.each([
    ["the tool declares itself safe to repeat", "harmless", {}],
    ["the caller says so", "plain", { repeatable: true }],
  ])("no reply, and it may be repeated since %s: sent again", async (_why, tool, options) => {
    const { client, server, clock } = lab2026();
    const calling = client.callTool("lab", tool, {}, options);
    await (await server.expect("tools/call")).fail(timeout);
    await clock.advance(2_000);
    await (await server.expect("tools/call")).reply(wire2026.callResult);
    expect((await calling).view.status).toBe("completed");
  });

  it("the caller's word stands above the tool's", async () => {
    const { client, server } = lab2026();
    const calling = client.callTool("lab", "harmless", {}, { repeatable: false });
    const loss = expect(calling).rejects.toBeInstanceOf(TaskLostError);
    await (await server.expect("tools/call")).fail(timeout);
    await loss;
  });

  it("no reply, where the server lists its tasks: found again (2025-11-25)", async () => {
    const { client, server, clock } = lab2025();
    const calling = client.callTool("lab", "report");
    await (await server.expect("tools/call")).fail(timeout);
    await clock.advance(2_000);
    const made = { ...wire2025.working, createdAt: new Date(T0).toISOString() };
    await (await server.expect("tasks/list")).reply({ tasks: [made] });
    expect((await calling).view.taskId).toBe(wire2025.TASK_ID);
  });
});

describe("callTool with a signal", () => {
  it("aborted before: nothing is sent", async () => {
    const { client, server } = lab2026();
    const reason = new Error("Never mind");
    await expect(client.callTool("lab", "plain", {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    expect(server.methods).toEqual([]);
  });

  it("aborted while the call is in flight: the wait ends, the task goes on", async () => {
    const { client, server, clock } = lab2026();
    const controller = new AbortController();
    const calling = client.callTool("lab", "plain", {}, { signal: controller.signal });
    const call = await server.expect("tools/call");
    const reason = new Error("The dialog was closed");
    const end = expect(calling).rejects.toBe(reason);
    controller.abort(reason);
    await end;
    expect(call.options.signal?.aborted, "the request is not given up").toBe(false);
    await call.reply(wire2026.createTaskResult);
    const [task] = await client.list();
    expect(task?.view.taskId).toBe(wire2026.TASK_ID);
    await clock.advance(5_000);
    await (await server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.completed));
    expect(await task?.result()).toEqual(wire2026.toolResult);
  });

  it("aborted after the handle was had: it has no more to say", async () => {
    const { client, server, clock } = lab2026();
    const controller = new AbortController();
    const calling = client.callTool("lab", "plain", {}, { signal: controller.signal });
    await (await server.expect("tools/call")).reply(wire2026.createTaskResult);
    const task = await calling;
    controller.abort();
    await clock.advance(5_000);
    await (await server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.completed));
    expect(await task.result()).toEqual(wire2026.toolResult);
  });
});

describe("callTool while the page comes back", () => {
  it("a call that is just being stored is sent once, and not lost", async () => {
    const { client, server } = lab2026();
    const calling = client.callTool("lab", "plain").catch((error: unknown) => error);
    // The page comes back at every moment up to the request.
    for (let turn = 0; turn < 50 && server.arrivals.length === 0; turn++) {
      client.nudge();
      await Promise.resolve();
    }
    await settled();
    client.nudge();
    const call = await server.expect("tools/call");
    expect(server.arrivals).toEqual([]);
    await call.reply(wire2026.callResult);
    expect(await calling).toMatchObject({ view: { status: "completed" } });
    expect(server.methods).toEqual(["tools/call"]);
  });
});

it("calls made at once ask for the tools together", async () => {
  const { client, server } = lab2026();
  const calls = [1, 2, 3].map(() => client.callTool("lab", "plain"));
  for (const _call of calls) await (await server.expect("tools/call")).reply(wire2026.callResult);
  await Promise.all(calls);
  expect(server.lists).toBe(1);
});
