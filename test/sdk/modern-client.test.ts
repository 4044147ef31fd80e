import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterEach, describe, expect, test } from "vitest";
import { fromClient } from "../../src/channel/sdk-v2.ts";
import { TaskClient } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { ANSWER, type AppClient, IDENTITY, v2Client } from "./app-client.ts";
import { MODERN_URL, ModernServer, NAME_QUESTION } from "./modern-server.ts";
import { until } from "./until.ts";
import { ofHoldfast, Wire } from "./wire.ts";

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function beside(): Promise<{
  server: ModernServer;
  wire: Wire;
  client: AppClient;
  holdfast: TaskClient;
}> {
  const server = new ModernServer();
  const wire = new Wire(server.fetch);
  const client = v2Client(MODERN_URL, wire.fetch);
  await client.connect();
  const holdfast = new TaskClient({ store: memoryStore(), endpoints: { server: client.connector } });
  closers.push(
    () => server.close(),
    () => client.close(),
    () => holdfast.close(),
  );
  return { server, wire, client, holdfast };
}

/** All that an app may use of its Client with this server. */
async function use(client: AppClient): Promise<unknown> {
  const progress: unknown[] = [];
  const asked = client.asked.length;
  return {
    tools: await client.listTools(),
    echo: await client.callTool("echo", { message: "hello" }),
    count: await client.callTool("count", { to: 3 }, (step) => progress.push(step)),
    progress,
    greeting: await client.callTool("greet", {}),
    asked: client.asked.slice(asked),
  };
}

describe("a v2 Client that speaks 2026-07-28, beside Holdfast", () => {
  test("behaves as one without Holdfast, while a task runs on its transport and after", async () => {
    const alone = v2Client(MODERN_URL, new ModernServer().fetch);
    await alone.connect();
    closers.push(() => alone.close());
    const expected = await use(alone);
    expect(expected).toMatchObject({
      echo: { content: [{ type: "text", text: "Echo: hello" }] },
      progress: [
        { progress: 1, total: 3 },
        { progress: 2, total: 3 },
        { progress: 3, total: 3 },
      ],
      greeting: { content: [{ type: "text", text: "Hello, Ada" }] },
      asked: [NAME_QUESTION],
    });

    const { server, wire, client, holdfast } = await beside();
    const task = await holdfast.callTool("server", "report");
    expect(task.view.status).toBe("working");
    expect(await use(client)).toEqual(expected);
    expect(task.view.outcome).toBeUndefined();

    server.finish(task.view.taskId ?? "", "done");
    expect((await task.result()).content).toEqual([{ type: "text", text: "done" }]);
    expect(await use(client)).toEqual(expected);
    expect(client.errors).toEqual([]);
    expect(ofHoldfast(wire)).toEqual(expect.arrayContaining(["tools/call", "tasks/get"]));
    // The SDK would refuse a task as the result of a call: its own call of the tool gets none.
    expect((await client.callTool("report", {})).content).toEqual([]);
  });

  test("is not asked what a task or a call of Holdfast asks, and answers what its own call asks", async () => {
    const { server, client, holdfast } = await beside();
    const task = await holdfast.callTool("server", "report");
    const taskId = task.view.taskId ?? "";
    server.ask(taskId, "edition", "Which edition?");
    await until("the task's question", () => task.view.inputRequests.length > 0);
    const call = await holdfast.callTool("server", "greet");
    expect(call.view.inputRequests).toMatchObject([
      { method: "elicitation/create", params: { message: NAME_QUESTION } },
    ]);
    expect(client.asked).toEqual([]);

    expect((await client.callTool("greet", {})).content).toEqual([{ type: "text", text: "Hello, Ada" }]);
    expect(client.asked).toEqual([NAME_QUESTION]);

    await call.answer("name", { ...ANSWER, content: { name: "Grace" } });
    expect((await call.result()).content).toEqual([{ type: "text", text: "Hello, Grace" }]);
    await task.answer("edition", { action: "accept", content: { edition: 2 } });
    await until("the answer at the server", () => server.answers.has(`${taskId}/edition`));
    expect(server.answers.get(`${taskId}/edition`)).toEqual({ action: "accept", content: { edition: 2 } });
    server.finish(taskId, "second edition");
    expect((await task.result()).content).toEqual([{ type: "text", text: "second edition" }]);
    expect(client.asked).toHaveLength(1);
  });

  test("gets its own replies, and Holdfast its own, however many are under way", async () => {
    const { server, client, holdfast } = await beside();
    const numbers = Array.from({ length: 40 }, (_, index) => index);
    const [own, ours, tasks] = await Promise.all([
      Promise.all(numbers.map((n) => client.callTool("echo", { message: `own ${n}` }))),
      Promise.all(
        numbers.map(async (n) =>
          (await holdfast.callTool("server", "echo", { message: `ours ${n}` })).result(),
        ),
      ),
      Promise.all(
        numbers.map(async (n) => {
          const task = await holdfast.callTool("server", "report");
          server.finish(task.view.taskId ?? "", `report ${n}`);
          return task.result();
        }),
      ),
    ]);

    const said = (results: readonly { content: readonly unknown[] }[]): unknown[] =>
      results.map(({ content }) => (content[0] as { text: unknown }).text);
    expect(said(own)).toEqual(numbers.map((n) => `Echo: own ${n}`));
    expect(said(ours)).toEqual(numbers.map((n) => `Echo: ours ${n}`));
    expect(said(tasks)).toEqual(numbers.map((n) => `report ${n}`));
    expect(client.errors).toEqual([]);
  });

  test("is still notified that the server's tools changed, and so is Holdfast", async () => {
    const server = new ModernServer();
    const received: unknown[] = [];
    const client = new Client(IDENTITY, {
      versionNegotiation: { mode: "auto" },
      listChanged: { tools: { onChanged: (error, tools) => received.push(error ?? tools?.length) } },
    });
    await client.connect(new StreamableHTTPClientTransport(MODERN_URL, { fetch: server.fetch }));
    const holdfast = new TaskClient({ store: memoryStore(), endpoints: { server: fromClient(client) } });
    closers.push(
      () => server.close(),
      () => client.close(),
      () => holdfast.close(),
    );
    const { tools } = await client.listTools();
    await holdfast.callTool("server", "echo", { message: "now its tools are known" });
    expect((await holdfast.rememberedSession("server"))?.tools).toHaveProperty("echo");

    server.announceToolChange();
    await until("the Client's handler", () => received.length > 0);
    expect(received).toEqual([tools.length]);
    expect((await holdfast.rememberedSession("server"))?.tools).toBeUndefined();
  });
});
