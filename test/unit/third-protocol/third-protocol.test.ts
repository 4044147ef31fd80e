import { afterEach, describe, expect, test } from "vitest";
import { fromUrl } from "../../../src/channel/sdk-v2.ts";
import { timerHost } from "../../../src/hosts/timer-host.ts";
import { type Problem, type Task, TaskClient } from "../../../src/index.ts";
import { registerProtocols } from "../../../src/protocol/registry.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import type { TaskStore } from "../../../src/store/task-store.ts";
import { ExportServer } from "./export-server.ts";
import { toolPairs } from "./tool-pairs.ts";

// All that the library has to know of it. The compiler checks the sources with the name declared (tool-pairs.ts).
registerProtocols({ "tool-pairs": toolPairs });

const clients: TaskClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

function clientOf(server: ExportServer, store: TaskStore = memoryStore()): TaskClient {
  const client = new TaskClient({
    store,
    endpoints: { lab: fromUrl("https://exports.test/mcp", { era: "tool-pairs", fetch: server.fetch }) },
    timing: { minPollMs: 1 },
    host: timerHost(),
  });
  clients.push(client);
  return client;
}

/** The messages that the task shows until it ends. */
async function messagesOf(task: Task): Promise<(string | undefined)[]> {
  const messages: (string | undefined)[] = [];
  for await (const { snapshot } of task)
    if (snapshot?.statusMessage !== messages.at(-1)) messages.push(snapshot?.statusMessage);
  return messages;
}

describe("a protocol of tasks that the library does not know", () => {
  test("a call of its start tool is a task: polled by its get tool, with progress, to its result", async () => {
    const server = new ExportServer();
    server.script = [
      { state: "running", note: "10 of 30 rows" },
      { state: "running", note: "20 of 30 rows" },
      { state: "done", note: "30 rows" },
    ];
    const task = await clientOf(server).callTool("lab", "start_export", { table: "papers" });
    expect(task.view).toMatchObject({ generation: "tool-pairs", status: "working", taskId: "export/job-1" });
    const messages = await messagesOf(task);
    expect(messages.filter((message) => message !== undefined)).toEqual([
      "10 of 30 rows",
      "20 of 30 rows",
      "30 rows",
    ]);
    expect(await task.result()).toMatchObject({ content: [{ type: "text", text: "30 rows" }] });
    expect(server.requests).toEqual([
      "initialize",
      "notifications/initialized",
      "tools/list",
      "start_export",
      "get_export",
      "get_export",
      "get_export",
    ]);
  });

  test("another tool of the same server is a plain call", async () => {
    const server = new ExportServer();
    const task = await clientOf(server).callTool("lab", "count");
    expect(task.view).toMatchObject({ status: "completed" });
    expect(task.view.asTask).toBeUndefined();
    expect(server.requests.at(-1)).toBe("count");
  });

  test("cancel() calls its cancel tool", async () => {
    const server = new ExportServer();
    const task = await clientOf(server).callTool("lab", "start_export");
    await task.cancel();
    await expect(task.result()).rejects.toThrow("cancelled");
    expect(task.view.outcome).toEqual({ kind: "cancelled", confirmed: true });
    expect(server.requests.filter((name) => name === "cancel_export")).toHaveLength(1);
  });

  test("a job that breaks is a failed task, with what the server says of it", async () => {
    const server = new ExportServer();
    server.script = [{ state: "broken", note: "The disk is full" }];
    const task = await clientOf(server).callTool("lab", "start_export");
    await expect(task.result()).rejects.toThrow("The disk is full");
    expect(task.view.outcome).toMatchObject({ kind: "failed", error: { message: "The disk is full" } });
  });

  test("resume() in a later process polls the same job, without a handshake and without a second start", async () => {
    const server = new ExportServer();
    const store = memoryStore();
    const first = clientOf(server, store);
    const { id } = await first.callTool("lab", "start_export");
    await first.close();
    server.requests.length = 0;
    server.become("job-1", { state: "done", note: "30 rows" });
    const [task] = await clientOf(server, store).resume();
    expect(task?.id).toBe(id);
    expect(await task?.result()).toMatchObject({ content: [{ type: "text", text: "30 rows" }] });
    expect(server.requests).toEqual(["get_export"]);
  });

  test("a record of a protocol that nobody registered is reported, and left as it is", async () => {
    const store = memoryStore();
    const record = { v: 2, rev: 3, id: "t1", endpoint: "lab", stage: "running", createdAt: 1, taskId: "x/1" };
    const call = { name: "start_x", asTask: true, recovery: "none", rounds: 0 };
    const stored = { ...record, generation: "tool-triples", call, inputs: [] };
    await store.save(stored as unknown as Parameters<TaskStore["save"]>[0], undefined);
    const problems: Problem[] = [];
    const client = new TaskClient({
      store,
      endpoints: {},
      host: timerHost(),
      onProblem: (one) => problems.push(one),
    });
    clients.push(client);
    expect(await client.resume()).toEqual([]);
    expect(problems).toMatchObject([{ kind: "unreadable", id: "t1" }]);
    expect(await store.load("t1")).toEqual(stored);
  });
});
