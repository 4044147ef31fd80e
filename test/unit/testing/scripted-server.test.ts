import { describe, expect, it } from "vitest";
import { TaskCancelledError, TaskClient, TaskFailedError, TaskLostError } from "../../../src/index.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import {
  type ScriptedServer,
  type ScriptedServerOptions,
  scriptedServer,
  type TestPage,
  testClock,
  testPage,
} from "../../../src/testing/index.ts";

const NAME = {
  mode: "form",
  message: "Under which name?",
  requestedSchema: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
};
const NAMED = { action: "accept", content: { name: "Ada" } } as const;

function lab(options: ScriptedServerOptions = {}): {
  readonly server: ScriptedServer;
  readonly page: TestPage;
} {
  const server = scriptedServer(options);
  server.tool("export");
  server.tool("weather", { taskSupport: "forbidden" });
  return { server, page: testPage({ lab: server }) };
}

describe.each(["2025-11-25", "2026-07-28"] as const)("scriptedServer() of %s", (generation) => {
  it("a test drives a task: its status message, its end and its result reach the client without a step of the clock", async () => {
    const { server, page } = lab({ generation });
    const task = await page.tasks.callTool("lab", "export", { format: "csv" });
    const job = await server.task("export");
    expect(job).toMatchObject({
      id: "task-1",
      arguments: { format: "csv" },
      status: "working",
      isTask: true,
    });
    // The first poll opens the push.
    await page.clock.advance(1_100);
    await job.progress("Half of it");
    expect(task.view).toMatchObject({ status: "working", snapshot: { statusMessage: "Half of it" } });
    await job.complete({ rows: 3 });
    expect(await task.result()).toMatchObject({ structuredContent: { rows: 3 } });
    expect(server.count("tools/call")).toBe(1);
    expect(page.problems).toEqual([]);
    await page.close();
  });

  it("a script does the same by itself, and clock.until() moves the time for it", async () => {
    const { server, page } = lab({ generation, push: false });
    server.tool("export", async (job) => {
      await job.progress("Begun");
      await job.wait(3_600_000);
      return "An hour later";
    });
    const began = page.clock.now();
    const task = await page.tasks.callTool("lab", "export");
    const result = await page.clock.until(task.result());
    expect(result.content).toEqual([{ type: "text", text: "An hour later" }]);
    expect(page.clock.now() - began).toBeGreaterThanOrEqual(3_600_000);
    expect(page.clock.now() - began).toBeLessThan(3_700_000);
    await page.close();
  });

  it("a server that does not push is seen by the next poll, at the interval of its tool", async () => {
    const { server, page } = lab({ generation, push: false });
    server.tool("export", { pollIntervalMs: 30_000 });
    const task = await page.tasks.callTool("lab", "export");
    await (await server.task()).complete("Done");
    await page.clock.advance(29_000);
    expect(task.view.status).toBe("working");
    await page.clock.advance(1_000);
    expect(task.view.status).toBe("completed");
    await page.close();
  });

  it("a task asks a person, again after a reload, and receives the answer", async () => {
    const { server, page } = lab({ generation });
    await page.tasks.callTool("lab", "export");
    const job = await server.task("export");
    const answer = job.ask(NAME);
    await page.clock.advance(2_000);
    const [task] = await page.reload();
    if (!task) throw new Error("The task is not resumed");
    await page.clock.advance(2_000);
    const [question] = task.view.inputRequests;
    expect(question).toMatchObject({ method: "elicitation/create", params: { message: NAME.message } });
    await task.answer(question?.key ?? "", NAMED);
    expect(await page.clock.until(answer)).toMatchObject(NAMED);
    expect(job.status).toBe("working");
    await job.complete("Exported for Ada");
    expect(await page.clock.until(task.result())).toMatchObject({ content: [{ text: "Exported for Ada" }] });
    await page.close();
  });

  it("a plain call has no task, asks a person, and is answered by complete()", async () => {
    const { server, page } = lab({ generation });
    const calling = page.tasks.callTool("lab", "weather", { city: "Oslo" });
    const call = await server.task("weather");
    expect(call.isTask).toBe(false);
    const answer = call.ask(NAME);
    const task = await calling;
    const [question] = task.view.inputRequests;
    await task.answer(question?.key ?? "", NAMED);
    expect(await page.clock.until(answer)).toMatchObject(NAMED);
    await call.complete("Rain");
    expect(await page.clock.until(task.result())).toMatchObject({ content: [{ text: "Rain" }] });
    expect(task.view.taskId).toBeUndefined();
    await page.close();
  });

  it("a task fails, is cancelled, or is forgotten by its server", async () => {
    const { server, page } = lab({ generation });
    const [failing, cancelled, forgotten] = [
      await page.tasks.callTool("lab", "export"),
      await page.tasks.callTool("lab", "export"),
      await page.tasks.callTool("lab", "export"),
    ];
    await (await server.task()).fail({ code: -32001, message: "No disk" });
    const failure = page.clock.until(failing.result());
    await expect(failure).rejects.toBeInstanceOf(TaskFailedError);
    const job = await server.task();
    await cancelled.cancel();
    await expect(page.clock.until(cancelled.result())).rejects.toBeInstanceOf(TaskCancelledError);
    expect(job.status).toBe("cancelled");
    (await server.task()).forget();
    await expect(page.clock.until(forgotten.result())).rejects.toBeInstanceOf(TaskLostError);
    await page.close();
  });

  it("a script that throws fails its task", async () => {
    const { server, page } = lab({ generation });
    server.tool("export", () => {
      throw new Error("No disk");
    });
    const task = await page.tasks.callTool("lab", "export");
    await expect(page.clock.until(task.result())).rejects.toThrow("No disk");
    await page.close();
  });

  it("the failures of requests reach the client as what they are, and the task continues", async () => {
    const { server, page } = lab({ generation, push: false });
    const task = await page.tasks.callTool("lab", "export");
    const kinds: (string | undefined)[] = [];
    const unsubscribe = page.tasks.subscribe(({ view }) => kinds.push(view.retry?.failure.kind));
    server.fail("tasks/get", { kind: "unreachable" });
    server.fail("tasks/get", { kind: "lost-reply" });
    server.fail("tasks/get", { kind: "no-reply" });
    server.fail("tasks/get", { kind: "http", status: 503, retryAfterMs: 120_000 });
    server.fail("tasks/get", { kind: "rpc", code: -32603, message: "Busy" });
    await page.clock.advance(600_000);
    unsubscribe();
    expect(new Set(kinds)).toEqual(new Set(["network", "timeout", "http", "rpc", undefined]));
    const polls = server.requests.filter(({ method }) => method === "tasks/get").map(({ at }) => at);
    expect((polls[4] ?? 0) - (polls[3] ?? 0), "Retry-After").toBeGreaterThanOrEqual(120_000);
    await (await server.task()).complete("Done");
    expect(await page.clock.until(task.result())).toMatchObject({ content: [{ text: "Done" }] });
    await page.close();
  });

  it("a server that is away is found again, and one that was restarted may have forgotten its tasks", async () => {
    const { server, page } = lab({ generation });
    const task = await page.tasks.callTool("lab", "export");
    server.stop();
    await page.clock.advance(60_000);
    expect(task.view.retry?.failure.kind).toBe("network");
    server.start();
    await page.clock.advance(60_000);
    expect(task.view.retry).toBeUndefined();
    server.restart({ forgetTasks: true });
    await expect(page.clock.until(task.result())).rejects.toBeInstanceOf(TaskLostError);
    await page.close();
  });

  it("a task ends when its TTL has passed", async () => {
    const { server, page } = lab({ generation });
    server.tool("export", { ttlMs: 60_000 });
    const task = await page.tasks.callTool("lab", "export");
    await page.clock.advance(90_000);
    expect(task.view.status).toBe("expired");
    await page.close();
  });
});

describe("testPage()", () => {
  it("a reload before the reply to a call: the tool is found in the list of its server, and not called again", async () => {
    const { server, page } = lab({ generation: "2025-11-25" });
    server.fail("tools/call", { kind: "no-reply" });
    await page.tasks.start("lab", "export", {}, { id: "export-1" });
    await page.clock.settled();
    expect(server.count("tools/call")).toBe(1);
    const [task] = await page.reload();
    await (await server.task()).complete("Done");
    if (!task) throw new Error("The task is not resumed");
    expect(await page.clock.until(task.result())).toMatchObject({ content: [{ text: "Done" }] });
    expect(server.count("tools/call")).toBe(1);
    await page.close();
  });

  it("a page that is gone sends nothing, and its waits never settle", async () => {
    const { server, page } = lab();
    const task = await page.tasks.callTool("lab", "export");
    const before = page.tasks;
    let settled = false;
    const done = (): void => {
      settled = true;
    };
    void task.result().then(done, done);
    await page.reload();
    expect(page.tasks).not.toBe(before);
    await (await server.task()).complete("Done");
    await page.clock.advance(60_000);
    expect(settled).toBe(false);
    const sent = server.requests.length;
    const refused = before.callTool("lab", "export").then(done, done);
    await page.clock.advance(60_000);
    expect(server.requests.length).toBe(sent);
    expect(settled).toBe(false);
    void refused;
    await page.close();
  });

  it("has several servers with one clock, a store of the test's own, and a client of the app's own making", async () => {
    const clock = testClock(0);
    const [papers, lab] = [scriptedServer({ clock }), scriptedServer({ clock, generation: "2025-11-25" })];
    for (const server of [papers, lab]) server.tool("export", () => server.generation);
    const store = memoryStore();
    const made: TaskClient[] = [];
    const client = (parts: ConstructorParameters<typeof TaskClient>[0]): TaskClient => {
      const own = new TaskClient({ ...parts, requestTimeoutMs: 5_000 });
      made.push(own);
      return own;
    };
    const page = testPage({ papers, lab }, { store, client });
    const texts = await Promise.all(
      ["papers", "lab"].map(async (endpoint) => {
        const task = await page.tasks.callTool(endpoint, "export");
        const { content } = await page.clock.until(task.result());
        return content[0]?.text;
      }),
    );
    expect(texts).toEqual(["2026-07-28", "2025-11-25"]);
    expect(made).toEqual([page.tasks]);
    expect((await store.loadSettled()).length).toBe(2);
    await page.close();
  });

  it("throws without a server, and for servers with clocks of their own", () => {
    expect(() => testPage({})).toThrow("needs a server");
    expect(() => testPage({ a: scriptedServer(), b: scriptedServer() })).toThrow("the same clock");
  });
});

describe("testClock()", () => {
  it("rings timers in order, also those that others set on the way", async () => {
    const clock = testClock(0);
    const rang: string[] = [];
    const at = (name: string) => (): void => void rang.push(`${name} ${clock.now()}`);
    clock.after(20, at("b"));
    clock.after(10, () => {
      at("a")();
      clock.after(5, at("c"));
    });
    const cancel = clock.after(12, at("never"));
    cancel();
    await clock.advance(30);
    expect(rang).toEqual(["a 10", "c 15", "b 20"]);
    expect(clock.now()).toBe(30);
    expect(clock.elapsed()).toBe(30);
  });

  it("until() says why a promise does not settle", async () => {
    const clock = testClock(0);
    const never = new Promise(() => undefined);
    await expect(clock.until(never)).rejects.toThrow("the test itself must act first");
    const tick = (): void => void clock.after(1_000, tick);
    tick();
    await expect(clock.until(never, 5_000)).rejects.toThrow("5000 ms of test time have passed");
    await expect(clock.advance(-1)).rejects.toThrow(RangeError);
  });

  it("settled() waits for tracked work", async () => {
    const clock = testClock(0);
    let done = false;
    const work = new Promise<void>((resolve) => {
      setTimeout(() => {
        done = true;
        resolve();
      }, 20);
    });
    void clock.track(work);
    await clock.settled();
    expect(done).toBe(true);
  });
});
