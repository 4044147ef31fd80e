import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EffectServer } from "./effect-server.ts";
import { connected, DataFolder, EVERYTHING, holdfast, type ProxiedClient } from "./proxied-client.ts";
import { storedTasks, tasksCommand } from "./stored-tasks.ts";

let server: EffectServer;
let folder: DataFolder;
const open: ProxiedClient[] = [];

beforeEach(async () => {
  server = await EffectServer.start({ generation: "2025-11-25", workMs: 4_000 });
  folder = new DataFolder();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ client }) => client.close()));
  server.close();
  folder.remove();
});

async function start(name: string, budgetS = "0.2"): Promise<ProxiedClient> {
  const proxied = await connected(holdfast("--budget", budgetS, server.url), folder, { name });
  open.push(proxied);
  return proxied;
}

async function work({ client }: ProxiedClient, key: string): Promise<string> {
  const running = await client.callTool({ name: "work", arguments: { key } });
  return (running.structuredContent as { task: string }).task;
}

async function ended({ client }: Pick<ProxiedClient, "client">, task: string): Promise<string> {
  for (;;) {
    const result = await client.callTool({ name: "check_task", arguments: { task } });
    const running = result.structuredContent as { status?: string } | undefined;
    if (running?.status !== "working") return (result.content as { text: string }[])[0]?.text ?? "";
  }
}

function kill({ transport }: ProxiedClient): void {
  if (transport.pid) process.kill(transport.pid, "SIGKILL");
}

describe("Two proxies of one configuration", () => {
  test("one is killed: the other resumes its tasks, and two proxies never poll one task", async () => {
    const [first, second] = [await start("one"), await start("two")];
    const tasks = await Promise.all([work(first, "a"), work(first, "b"), work(second, "c")]);
    await expect.poll(() => new Set(server.polls.map(({ taskId }) => taskId)).size).toBe(3);
    const before = server.polls.length;
    kill(first);
    await expect
      .poll(async () => (await storedTasks(folder)).filter(({ runs, outcome }) => !runs && !outcome).length)
      .toBe(2);
    // The other one knows them without a start of its own.
    expect(await Promise.all(tasks.map((task) => ended(second, task)))).toEqual([
      "done a",
      "done b",
      "done c",
    ]);
    expect([...server.effects.values()]).toEqual([1, 1, 1]);
    // The interval the server asks for is 100 ms: two pollers would come between.
    const times = new Map<string, number[]>();
    for (const { taskId, at } of server.polls.slice(0, before))
      times.set(taskId, [...(times.get(taskId) ?? []), at]);
    for (const polls of times.values()) {
      const gaps = polls.slice(1).map((at, index) => at - (polls[index] ?? 0));
      expect(gaps.filter((gap) => gap < 50)).toEqual([]);
    }
  });

  test("both run: each sees only its own tasks, and the command line sees those of both", async () => {
    const [first, second] = [await start("one"), await start("two")];
    const [a, b] = [await work(first, "a"), await work(second, "b")];
    const listed = async ({ client }: ProxiedClient): Promise<string[]> => {
      const { structuredContent } = await client.callTool({ name: "list_tasks", arguments: {} });
      return (structuredContent as { tasks: { task: string }[] }).tasks.map(({ task }) => task);
    };
    expect(await listed(first)).toEqual([a]);
    expect(await listed(second)).toEqual([b]);
    const stored = await storedTasks(folder);
    expect(stored.map(({ task, runs }) => [task, runs])).toEqual([
      [b, true],
      [a, true],
    ]);
  });
});

describe("The next start", () => {
  test("resumes the tasks of a remote server that a killed proxy left, and delivers their results", async () => {
    const first = await start("one");
    const task = await work(first, "a");
    await expect.poll(() => server.polls.length).toBeGreaterThan(0);
    kill(first);
    await expect.poll(async () => (await storedTasks(folder)).map(({ runs }) => runs)).toEqual([false]);
    const next = await start("one");
    expect(await ended(next, task)).toBe("done a");
    expect(server.effects.get("a")).toBe(1);
  });

  test("joins a call that the same agent makes again, and never another agent's", async () => {
    const first = await start("one", "30");
    const call = first.client.callTool({ name: "work", arguments: { key: "a" } }).catch(() => undefined);
    await expect.poll(() => server.effects.get("a")).toBe(1);
    kill(first);
    await call;
    const [other, same] = [await start("other", "30"), await start("one", "30")];
    const again = async ({ client }: ProxiedClient): Promise<unknown> =>
      (await client.callTool({ name: "work", arguments: { key: "a" } })).content;
    // Of another agent the same call is another call.
    expect(await again(other)).toEqual([{ type: "text", text: "done a" }]);
    expect(server.effects.get("a")).toBe(2);
    expect(await again(same)).toEqual([{ type: "text", text: "done a" }]);
    expect(server.effects.get("a")).toBe(2);
  });
});

describe("holdfast tasks", () => {
  beforeEach(async () => {
    server.close();
    server = await EffectServer.start({ generation: "2025-11-25", workMs: 600_000 });
  });

  test("lists, shows, cancels and forgets what a running proxy holds", async () => {
    const proxied = await start("one");
    const task = await work(proxied, "a");
    const short = task.slice(0, 8);
    expect(await tasksCommand(folder)).toMatch(new RegExp(`${short} +127\\.0\\.0\\.1 +work +working`));
    expect(await tasksCommand(folder, "show", short)).toContain('"key":"a"');
    await expect(tasksCommand(folder, "forget", short)).rejects.toThrow(/has not ended/);
    expect(await tasksCommand(folder, "cancel", short)).toContain("Cancellation requested");
    await expect.poll(async () => (await storedTasks(folder))[0]?.status).toBe("cancelled");
    expect(await tasksCommand(folder, "forget", short)).toContain("Forgotten");
    expect(await storedTasks(folder)).toEqual([]);
    await expect(tasksCommand(folder, "show", short)).rejects.toThrow(/There is no task/);
  });

  test("answers a question of a running task, and says why an answer does not fit", async () => {
    const { client } = await connected(holdfast("--budget", "0.5", "--", ...EVERYTHING), folder);
    const call = { name: "simulate-research-query", arguments: { topic: "python", ambiguous: true } };
    const { task } = (await client.callTool(call)).structuredContent as { task: string };
    await expect.poll(() => tasksCommand(folder, "show", task)).toMatch(/asks +\S+: elicitation\/create/);
    const shown = await tasksCommand(folder, "show", task);
    const key = /asks +(\S+):/.exec(shown)?.[1] ?? "";
    const answer = (...args: readonly string[]): Promise<string> => tasksCommand(folder, "answer", ...args);
    const response = JSON.stringify({ action: "accept", content: { interpretation: "snake" } });
    await expect(answer(task, key, "yes")).rejects.toThrow(/The answer is not JSON, such as/);
    await expect(answer(task, "another", response)).rejects.toThrow(/another/);
    const misfit = JSON.stringify({ action: "accept", content: { interpretation: 5 } });
    await expect(answer(task, key, misfit)).rejects.toThrow(/interpretation/);
    expect(await answer(task.slice(0, 8), key, response)).toBe("Answered.\n");
    expect(await ended({ client }, task)).toContain("python (snake)");
    await client.close();
  });

  test("stores a cancel for the next start when no process runs the task", async () => {
    const first = await start("one");
    const task = await work(first, "a");
    await expect.poll(() => server.polls.length).toBeGreaterThan(0);
    kill(first);
    await expect.poll(async () => (await storedTasks(folder)).map(({ runs }) => runs)).toEqual([false]);
    expect(await tasksCommand(folder, "cancel", task)).toContain("when an agent next starts");
    await start("one");
    await expect.poll(async () => (await storedTasks(folder))[0]?.status).toBe("cancelled");
  });
});
