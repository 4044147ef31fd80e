import { afterEach, describe, expect, it, vi } from "vitest";
import { type Problem, type Task, TaskClient } from "../../../src/index.ts";
import { observeTask, observeTaskIds } from "../../../src/observe/index.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import type { TaskStore } from "../../../src/store/task-store.ts";
import { scriptedServer, type TestClock } from "../../../src/testing/index.ts";
import { failingStore, STORE_METHODS } from "../../fixtures/failing-store.ts";
import { testHost } from "../../fixtures/test-host.ts";
import { uncaughtErrors } from "../../fixtures/uncaught-errors.ts";

afterEach(() => vi.unstubAllGlobals());

const MISTAKE = new Error("a mistake of the app");
const mistake = (): never => {
  throw MISTAKE;
};

interface Bench {
  readonly client: TaskClient;
  readonly clock: TestClock;
  /** Errors that were reported as uncaught. */
  readonly uncaught: readonly unknown[];
}

/** A client of a server whose tool reports its progress and takes ten seconds. */
function bench(store: TaskStore = memoryStore(), onProblem?: (problem: Problem) => void): Bench {
  const server = scriptedServer({ push: false });
  server.tool("report", async (task) => {
    await task.wait(5_000);
    await task.progress("half");
    await task.wait(5_000);
    return "done";
  });
  const { clock } = server;
  const endpoints = { papers: server.connector() };
  const host = testHost({ clock });
  const client = new TaskClient({ store, endpoints, host, ...(onProblem && { onProblem }) });
  return { client, clock, uncaught: uncaughtErrors() };
}

async function textOf(task: Task): Promise<unknown> {
  return (await task.result()).content[0]?.text;
}

describe("a listener that throws", () => {
  it("of a task: its other listeners are called, and its result comes", async () => {
    const { client, clock, uncaught } = bench();
    const task = await clock.until(client.callTool("papers", "report"));
    const later = vi.fn();
    task.subscribe(mistake);
    task.subscribe(later);
    expect(await clock.until(textOf(task))).toBe("done");
    expect(later).toHaveBeenCalled();
    expect(uncaught.at(0)).toBe(MISTAKE);
  });

  it("of a client: its other listeners are called, and its tasks run to their end", async () => {
    const { client, clock, uncaught } = bench();
    const [changed, forgotten] = [vi.fn(), vi.fn()];
    client.subscribe(mistake, mistake);
    client.subscribe(changed, forgotten);
    const task = await clock.until(client.callTool("papers", "report"));
    expect(await clock.until(textOf(task))).toBe("done");
    expect(changed).toHaveBeenLastCalledWith(task);
    await client.forget(task.id);
    expect(forgotten).toHaveBeenCalledExactlyOnceWith(task.id);
    expect(new Set(uncaught)).toEqual(new Set([MISTAKE]));
  });

  it("of an observed value: the other values change", async () => {
    const { client, clock } = bench();
    const task = await clock.until(client.callTool("papers", "report"));
    const seen: unknown[] = [];
    let throws = false;
    observeTask(client, task.id).subscribe(() => throws && mistake());
    observeTask(client, task.id).subscribe((view) => seen.push(view?.status));
    observeTaskIds(client).subscribe(() => throws && mistake());
    await clock.settled();
    throws = true;
    expect(await clock.until(textOf(task))).toBe("done");
    await clock.settled();
    expect(seen.at(-1)).toBe("completed");
  });

  it("as `onProblem`: what it was to report has no other effect", async () => {
    const { client, clock, uncaught } = bench(failingStore(new Set(STORE_METHODS)), mistake);
    await client.resume();
    const task = await clock.until(client.callTool("papers", "report"));
    expect(await clock.until(textOf(task))).toBe("done");
    expect(uncaught.at(0)).toBe(MISTAKE);
    await client.close();
  });
});
