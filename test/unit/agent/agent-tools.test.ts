import { describe, expect, it } from "vitest";
import { type AgentTool, agentTools } from "../../../src/agent/index.ts";
import { type Task, TaskClient } from "../../../src/index.ts";
import { readToolPage } from "../../../src/protocol/tool-facts.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { lab2025, lab2026 } from "../../fixtures/client-lab.ts";
import { http, network } from "../../fixtures/failures.ts";
import { FakeClock, settled } from "../../fixtures/fake-clock.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";
import { T0 } from "../../fixtures/records.ts";
import { ScriptedServer, SESSION_2026 } from "../../fixtures/scripted-server.ts";
import { testHost } from "../../fixtures/test-host.ts";
import { agentLab, executing, fields, poll, startedTask, textOf, toolNamed, withTools } from "./agent-lab.ts";

describe("the tools of a client", () => {
  it("are those of its endpoints with the companions, each with the server's schema itself", async () => {
    const inputSchema = { type: "object", properties: { doi: { type: "string", "x-mine": 1 } } };
    const server = new ScriptedServer(SESSION_2026);
    server.tools = [{ name: "acquire_paper", description: "Gets a paper.", inputSchema }];
    const { tools, client } = await agentLab({}, { server });
    expect(tools.map(({ name }) => name)).toEqual([
      "acquire_paper",
      "check_task",
      "cancel_task",
      "list_tasks",
    ]);
    const [acquire] = tools;
    expect(acquire?.description).toBe("Gets a paper.");
    const [listed] = await client.listTools("lab");
    expect(acquire?.inputSchema).toBe(listed?.definition.inputSchema);
    expect(acquire?.inputSchema).toEqual(inputSchema);
    expect(acquire?.origin).toEqual({ endpoint: "lab", tool: listed });
  });

  it("have answer_task among them if the model may answer", async () => {
    const { tools } = await agentLab({ allowAnswers: true });
    expect(tools.map(({ name }) => name)).toContain("answer_task");
  });

  it("a description is without what cannot be seen in it, and bounded", async () => {
    const server = new ScriptedServer(SESSION_2026);
    server.tools = [
      { name: "long", description: `\u202eA\u001b[31m${"x".repeat(10_000)}` },
      { name: "title", title: "Titled" },
    ];
    const { tool } = await agentLab({}, { server });
    expect(tool("long").description).toMatch(/^Ax+… \(\d+ more characters\)$/);
    expect(tool("long").description.length).toBeLessThan(4_200);
    expect(tool("title").description).toBe("Titled");
    expect(tool("title").inputSchema).toEqual({ type: "object" });
  });

  it("of two endpoints with the same tool go each to its own server", async () => {
    const { client, one, two, clock } = twoEndpoints();
    const tools = await agentTools(client, { clock });
    expect(tools.map(({ name }) => name).slice(0, 2)).toEqual(["one_search", "two_search"]);
    const execution = await executing(toolNamed(tools, "two_search"), { q: "kelp" });
    const call = await two.expect("tools/call");
    expect(call.params).toMatchObject({ name: "search", arguments: { q: "kelp" } });
    await call.reply(wire2026.callResult);
    expect(await execution.result).toMatchObject(wire2026.toolResult);
    expect(one.methods).toEqual([]);
  });

  it("leave an endpoint out that cannot be listed, and report it to onUnavailable", async () => {
    const { client, two, clock } = twoEndpoints();
    two.refusals.push(network);
    const unavailable: string[] = [];
    const tools = await agentTools(client, {
      clock,
      onUnavailable: (endpoint) => unavailable.push(endpoint),
    });
    expect(tools.map(({ name }) => name)[0]).toBe("search");
    expect(unavailable).toEqual(["two"]);
  });

  it("reject if an endpoint cannot be listed and there is no onUnavailable", async () => {
    const { client, two, clock } = twoEndpoints();
    two.refusals.push(network);
    await expect(agentTools(client, { clock })).rejects.toMatchObject({ failure: network });
  });

  it("can be those of some endpoints", async () => {
    const { client, one, clock } = twoEndpoints();
    const tools = await agentTools(client, { clock, endpoints: ["two"] });
    expect(tools.map(({ name }) => name)[0]).toBe("search");
    expect(one.connects).toBe(0);
  });
});

describe("a call", () => {
  it("returns the result of a plain call unchanged", async () => {
    const { tool, server } = await agentLab();
    const execution = await executing(tool("plain"), { a: 1 });
    const result = {
      content: [
        { type: "text", text: "x" },
        { type: "strange", extra: 1 },
      ],
      structuredContent: { a: [1] },
    };
    await (await server.expect("tools/call")).reply({ resultType: "complete", ...result, isError: true });
    expect(await execution.result).toMatchObject({ ...result, isError: true });
  });

  it("gives the task's own result object, if it ends within the budget", async () => {
    const lab = await agentLab();
    const seen: Task[] = [];
    lab.client.subscribe((task) => seen.push(task));
    const execution = await executing(lab.tool("report"));
    await (await lab.server.expect("tools/call")).reply(wire2026.createTaskResult);
    await poll(lab, wire2026.completed);
    expect(await execution.result).toEqual(wire2026.toolResult);
    expect(await execution.result).toBe(await seen.at(-1)?.result());
  });

  it("gives a running result when the budget is spent, not a moment before", async () => {
    const lab = await agentLab();
    const execution = await executing(lab.tool("report"));
    await lab.clock.advance(2_000);
    await (await lab.server.expect("tools/call")).reply(wire2026.createTaskResult);
    for (let polls = 0; polls < 8; polls++) await poll(lab, wire2026.working);
    await lab.clock.advance(2_999);
    expect(execution.ended).toBe(false);
    await lab.clock.advance(1);
    const result = await execution.result;
    expect(result.isError).toBeUndefined();
    expect(fields(result)).toMatchObject({ status: "working", elapsedMs: 45_000 });
  });

  it.each([
    ["the options'", { budgetMs: 7_000 }, {}],
    ["that of starting calls", { budgetMs: 1_000, callBudgetMs: 7_000 }, {}],
    ["the call's own", {}, { budgetMs: 7_000 }],
  ])("the budget is %s", async (_name, options, own) => {
    const { tool, server, clock } = await agentLab(options);
    const execution = await executing(tool("report"), {}, own);
    await (await server.expect("tools/call")).reply(wire2026.createTaskResult);
    await clock.advance(6_999);
    expect(execution.ended).toBe(false);
    await clock.advance(1);
    expect(execution.ended).toBe(true);
  });

  it("with no budget gives the handle as soon as there is one", async () => {
    const lab = await agentLab({ callBudgetMs: 0 });
    const execution = await executing(lab.tool("report"));
    const call = await lab.server.expect("tools/call");
    await call.reply(wire2026.createTaskResultWithMessage);
    const result = await execution.result;
    expect(fields(result)).toMatchObject({ status: "working", elapsedMs: 0 });
    const [task] = await lab.client.list();
    expect(fields(result).task).toBe(task?.id);
  });

  it("that a slow server has not answered is given as a task, and followed by it", async () => {
    const { tool, server, clock } = await agentLab();
    const execution = await executing(tool("plain"));
    const call = await server.expect("tools/call");
    await clock.advance(45_000);
    const running = await execution.result;
    expect(textOf(running)).toContain("has no reply yet");
    const check = await executing(tool("check_task"), { task: fields(running).task });
    await call.reply(wire2026.callResult);
    expect(await check.result).toMatchObject(wire2026.toolResult);
    const again = await executing(tool("check_task"), { task: fields(running).task });
    expect(await again.result, "as often as it is asked for").toMatchObject(wire2026.toolResult);
  });

  it("of two that are the same in everything, each is given a task of its own", async () => {
    const { tool, server, clock } = await agentLab();
    const [one, two] = await Promise.all([
      executing(tool("plain"), { a: 1 }),
      executing(tool("plain"), { a: 1 }),
    ]);
    await server.expect("tools/call");
    await server.expect("tools/call");
    await clock.advance(45_000);
    const ids = [fields(await one.result).task, fields(await two.result).task];
    expect(new Set(ids).size).toBe(2);
  });

  it("of two sets of tools on one client, neither takes the other's", async () => {
    const lab = await agentLab({ visible: () => false });
    const other = await withTools(lab, { visible: () => false });
    const [one, two] = await Promise.all([
      executing(lab.tool("plain"), { a: 1 }),
      executing(other.tool("plain"), { a: 1 }),
    ]);
    await lab.clock.advance(45_000);
    const id = fields(await one.result).task;
    expect(fields(await two.result).task).not.toBe(id);
    expect(fields(await (await executing(other.tool("check_task"), { task: id })).result).status).toBe(
      "unknown_task",
    );
  });

  it("is found also where the client announces nothing", async () => {
    const { client, ...lab } = lab2026();
    client.subscribe = () => () => undefined;
    const { tool, clock } = await withTools({ client, ...lab });
    const execution = await executing(tool("plain"), { a: 1 }, { budgetMs: 10_000 });
    await clock.advance(10_000);
    const { task } = fields(await execution.result);
    await (await lab.server.expect("tools/call")).reply(wire2026.callResult);
    expect(await tool("check_task").execute({ task })).toMatchObject(wire2026.toolResult);
  });

  it("is the model's to check, whatever else is visible and announced", async () => {
    const { client, ...lab } = lab2026();
    client.subscribe = () => () => undefined;
    const agent = await withTools({ client, ...lab }, { visible: () => false });
    const { id } = await startedTask(agent);
    await poll(agent, wire2026.completed);
    expect(await agent.tool("check_task").execute({ task: id })).toEqual(wire2026.toolResult);
  });

  it("that ended within its budget is not listed, unless it was a task", async () => {
    const lab = await agentLab();
    for (const reply of [wire2026.callResult, { ...wire2026.completed, resultType: "task" }]) {
      const execution = await executing(lab.tool("plain"));
      await (await lab.server.expect("tools/call")).reply(reply);
      if (!execution.ended) await poll(lab, wire2026.completed);
      await execution.result;
    }
    const listed = fields(await lab.tool("list_tasks").execute());
    expect(listed.tasks).toMatchObject([{ status: "completed" }]);
    expect(listed.tasks).toHaveLength(1);
  });

  it("whose server is not reached within the budget is queued, and reported as waiting", async () => {
    const { client, server, clock, letConnect } = unconnected();
    const [search, check] = await agentTools(client, { clock, budgetMs: 500 });
    const execution = await executing(search as AgentTool);
    await clock.advance(2_000);
    const result = await execution.result;
    expect(fields(result)).toMatchObject({ status: "working" });
    expect(textOf(result)).toContain("is queued and has not been sent to its server");
    expect(server.methods).toEqual([]);
    letConnect();
    await (await server.expect("tools/call")).reply(wire2026.callResult);
    const checked = await executing(check as AgentTool, { task: fields(result).task });
    expect(await checked.result).toMatchObject(wire2026.toolResult);
  });

  it("aborted before its server is reached is never sent", async () => {
    const { client, server, clock, letConnect } = unconnected();
    const [search] = await agentTools(client, { clock });
    const controller = new AbortController();
    const execution = await executing(search as AgentTool, {}, { signal: controller.signal });
    const reason = new Error("The user stopped it");
    const end = expect(execution.result).rejects.toBe(reason);
    controller.abort(reason);
    await end;
    letConnect();
    await settled();
    expect(server.methods).toEqual([]);
    expect(await client.list()).toMatchObject([{ view: { status: "cancelled" } }]);
  });

  it("whose budget is shorter than the connecting takes is sent all the same", async () => {
    const { client, server, clock, letConnect } = unconnected();
    const [search] = await agentTools(client, { clock, budgetMs: 500 });
    const execution = await executing(search as AgentTool);
    await clock.advance(2_000);
    letConnect();
    await server.expect("tools/call");
    await settled();
    expect(fields(await execution.result)).toMatchObject({ status: "working" });
  });

  it("with arguments that are no object is refused, and sends nothing", async () => {
    const { tool, server } = await agentLab();
    const result = await tool("plain").execute("doi" as never);
    expect(result).toMatchObject({
      isError: true,
      structuredContent: { retry: "changed", workDone: "none" },
    });
    await settled();
    expect(server.methods).toEqual([]);
  });

  it("whose server is away waits for it, and the model learns that it waits", async () => {
    const { client, server, clock, letConnect } = unconnected();
    server.refusals.push(http(503, 60_000));
    letConnect();
    const [search] = await agentTools(client, { clock });
    const execution = await executing(search as AgentTool);
    await clock.advance(45_000);
    const result = await execution.result;
    expect(fields(result)).toMatchObject({ status: "working" });
    expect(textOf(result)).toContain("The last request to the server failed (http). Holdfast retries it");
    await clock.advance(15_000);
    await server.expect("tools/call");
  });

  it("that has no MCP server at its address is a failure, and was not sent", async () => {
    const { client, server, clock, letConnect } = unconnected();
    server.refusals.push(http(404));
    letConnect();
    const [search] = await agentTools(client, { clock });
    expect(await (await executing(search as AgentTool)).result).toMatchObject({
      isError: true,
      structuredContent: { status: "unreachable", retry: "no", workDone: "none", code: 404 },
    });
    expect(server.methods).toEqual([]);
  });

  it("waits on through a question that the app answers", async () => {
    const lab = await agentLab();
    const execution = await executing(lab.tool("report"));
    await (await lab.server.expect("tools/call")).reply(wire2026.createTaskResult);
    await poll(lab, { ...wire2026.inputRequired, inputRequests: { name: wire2026.inputRequests.name } });
    expect(execution.ended).toBe(false);
    const [task] = await lab.client.list();
    await task?.answer("name", wire2026.inputResponses.name);
    await (await lab.server.expect("tasks/update")).reply(wire2026.acknowledgement);
    await lab.clock.advance(5_000);
    await (await lab.server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.completed));
    expect(await execution.result).toEqual(wire2026.toolResult);
  });

  it("gives a question at once that the model may answer", async () => {
    const lab = await agentLab({ allowAnswers: true });
    const execution = await executing(lab.tool("report"));
    await (await lab.server.expect("tools/call")).reply(wire2026.createTaskResult);
    await poll(lab, { ...wire2026.inputRequired, inputRequests: { name: wire2026.inputRequests.name } });
    expect(fields(await execution.result)).toMatchObject({ status: "input_required", elapsedMs: 5_000 });
  });

  it("works for a 2025-11-25 server as well", async () => {
    const lab = await withTools(lab2025());
    const execution = await executing(lab.tool("report"));
    await (await lab.server.expect("tools/call")).reply(wire2025.createTaskResult);
    await lab.clock.advance(45_000);
    expect(fields(await execution.result)).toMatchObject({
      status: "working",
      statusMessage: expect.any(String),
    });
  });
});

describe("an abort", () => {
  const reason = new Error("The user pressed stop");

  it("before the call sends nothing", async () => {
    const { tool, server } = await agentLab();
    await expect(tool("report").execute({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await settled();
    expect(server.methods).toEqual([]);
  });

  it("while the call is in flight ends the wait; the task goes on and is listed", async () => {
    const lab = await agentLab();
    const controller = new AbortController();
    const execution = await executing(lab.tool("report"), {}, { signal: controller.signal });
    const call = await lab.server.expect("tools/call");
    controller.abort(reason);
    await expect(execution.result).rejects.toBe(reason);
    await call.reply(wire2026.createTaskResult);
    const listed = fields(await lab.tool("list_tasks").execute());
    expect(listed.tasks).toMatchObject([{ tool: "report", status: "working" }]);
  });

  it("of a call that becomes no task leaves its result to be had", async () => {
    const lab = await agentLab();
    const controller = new AbortController();
    const execution = await executing(lab.tool("plain"), {}, { signal: controller.signal });
    controller.abort(reason);
    await expect(execution.result).rejects.toBe(reason);
    await (await lab.server.expect("tools/call")).reply(wire2026.callResult);
    const [listed] = fields(await lab.tool("list_tasks").execute()).tasks as { task: string }[];
    expect(await lab.tool("check_task").execute({ task: listed?.task })).toMatchObject(wire2026.toolResult);
  });

  it("while the task runs ends the wait; the task ends by itself", async () => {
    const lab = await agentLab();
    const controller = new AbortController();
    const execution = await executing(lab.tool("report"), {}, { signal: controller.signal });
    await (await lab.server.expect("tools/call")).reply(wire2026.createTaskResult);
    controller.abort(reason);
    await expect(execution.result).rejects.toBe(reason);
    await poll(lab, wire2026.completed);
    expect(lab.server.methods).toEqual(["tools/call", "tasks/get"]);
    const [task] = await lab.client.list();
    expect(task?.view.status).toBe("completed");
  });

  it("of check_task ends its wait alone", async () => {
    const lab = await agentLab();
    const { id } = await startedTask(lab);
    const controller = new AbortController();
    const check = await executing(lab.tool("check_task"), { task: id }, { signal: controller.signal });
    controller.abort(reason);
    await expect(check.result).rejects.toBe(reason);
    await poll(lab, wire2026.completed);
    expect(await lab.tool("check_task").execute({ task: id })).toEqual(wire2026.toolResult);
  });

  it("leaves no timer behind", async () => {
    const lab = await agentLab();
    const before = lab.clock.pending;
    const controller = new AbortController();
    const execution = await executing(lab.tool("plain"), {}, { signal: controller.signal });
    expect(lab.clock.pending).toBeGreaterThan(before);
    controller.abort(reason);
    await execution.result.catch(() => undefined);
    await settled();
    expect(
      lab.clock.waits.filter((ms) => ms === 2_000).length,
      "the server's time to accept",
    ).toBeGreaterThan(0);
    expect(lab.clock.pending).toBe(before);
  });
});

/** A client that has never connected, and whose one tool is known. */
function unconnected() {
  const clock = new FakeClock(T0);
  const server = new ScriptedServer(SESSION_2026);
  server.tools = [{ name: "search", inputSchema: { type: "object" } }];
  let letConnect: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    letConnect = resolve;
  });
  const connect = server.connect.bind(server);
  server.connect = async (...given) => {
    await gate;
    return connect(...given);
  };
  const client = new TaskClient({
    store: memoryStore(),
    endpoints: { one: server },
    host: testHost({ clock }),
    push: false,
  });
  client.listTools = async () => readToolPage({ tools: server.tools }).tools;
  return { client, server, clock, letConnect };
}

function twoEndpoints() {
  const clock = new FakeClock(T0);
  const [one, two] = [new ScriptedServer(SESSION_2026), new ScriptedServer(SESSION_2026)];
  for (const server of [one, two]) server.tools = [{ name: "search", inputSchema: { type: "object" } }];
  const client = new TaskClient({
    store: memoryStore(),
    endpoints: { one, two },
    host: testHost({ clock }),
    push: false,
  });
  return { client, one, two, clock };
}
