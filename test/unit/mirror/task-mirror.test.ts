import { describe, expect, it } from "vitest";
import { companionTools } from "../../../src/agent/index.ts";
import { ClientClosedError } from "../../../src/errors.ts";
import { TaskMirror, type TaskSource } from "../../../src/mirror/task-mirror.ts";
import { type TaskView, viewOf } from "../../../src/task-view.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import { runningRecord, settledRecord, snapshotOf } from "../../fixtures/records.ts";

const result = { content: [{ type: "text", text: "done" }] };

function running(rev: number, statusMessage: string, fields: Partial<TaskView> = {}): TaskView {
  return { ...viewOf(runningRecord({ id: "a", rev, snapshot: snapshotOf({ statusMessage }) })), ...fields };
}

function ended(id = "a", rev = 9): TaskView {
  return viewOf(settledRecord({ id, rev, outcome: { kind: "completed", result } }));
}

/** A mirror of a process that holds these tasks. */
function mirrorOf(...held: TaskView[]) {
  const tasks = new Map(held.map((view) => [view.id, view]));
  const closing = new AbortController();
  const asked: string[] = [];
  const needs: boolean[] = [];
  const source: TaskSource = {
    tasks: async (which) => {
      asked.push(which);
      return [...tasks.values()].filter(({ outcome }) => which === "all" || !outcome);
    },
    task: async (id) => {
      asked.push(id);
      return tasks.get(id);
    },
    cancel: async (id) => {
      const view = tasks.get(id);
      return view && { ...view, rev: view.rev + 1, cancelling: true };
    },
    answer: async () => undefined,
  };
  const mirror: TaskMirror = new TaskMirror({
    source,
    closed: closing.signal,
    watch: () => needs.push(mirror.needsEvents),
  });
  const news: string[] = [];
  const listen = () => mirror.subscribe(({ id, view }) => news.push(`${id} ${view.status}`), undefined);
  return { mirror, tasks, asked, needs, news, listen, closing };
}

describe("TaskMirror", () => {
  it("gives one handle for each unfinished task, and each view that arrives moves it on", async () => {
    const { mirror } = mirrorOf(running(1, "begun"));
    const task = await mirror.get("a");
    expect(mirror.receive("task", running(3, "half"))).toBe(true);
    expect(task?.view.snapshot?.statusMessage).toBe("half");
    mirror.receive("task", running(2, "late"));
    expect(task?.view.snapshot?.statusMessage, "an older view changes nothing").toBe("half");
    mirror.receive("task", ended());
    mirror.receive("task", running(10, "still alive"));
    expect(task?.view.status, "an outcome is final").toBe("completed");
    expect(await task?.result()).toEqual(result);
  });

  it("keeps the view and calls nobody when only `rev` and `nextPollAt` move, and `latest` has both", async () => {
    const { mirror, news, listen } = mirrorOf(running(1, "begun", { nextPollAt: 1_000 }));
    listen();
    const task = await mirror.get("a");
    const before = task?.view;
    mirror.receive("task", running(2, "begun", { nextPollAt: 2_000 }));
    expect(task?.view).toBe(before);
    expect(news).toEqual([]);
    expect([task?.latest.rev, task?.nextPollAt]).toEqual([2, 2_000]);
    mirror.receive("task", running(1, "late"));
    expect(task?.view, "a view between the two is old").toBe(before);
  });

  it("applies progress, which has no `rev`, and the deletion of a task that runs", async () => {
    const { mirror } = mirrorOf(running(4, "begun"));
    const task = await mirror.get("a");
    mirror.receive("progress", { id: "a", progress: { progress: 2, total: 4 } });
    expect(task?.view.progress).toEqual({ progress: 2, total: 4 });
    mirror.receive("progress", { id: "a", progress: "most of it" });
    expect(task?.view.progress).toEqual({ progress: 2, total: 4 });
    mirror.receive("forgotten", { id: "a" });
    expect(task?.view).toMatchObject({ status: "lost", inputRequests: [], cancelling: false });
    expect(mirror.needsEvents).toBe(false);
  });

  it("returns false for a `task` event whose data is not a task", () => {
    const { mirror } = mirrorOf();
    const { id: _none, ...nameless } = running(1, "begun");
    expect(mirror.receive("task", nameless)).toBe(false);
    expect(mirror.receive("task", null)).toBe(false);
    expect(mirror.receive("something new", { id: "a" })).toBe(true);
  });

  it("keeps the parts that a list omits and an earlier view had", async () => {
    const question = { key: "q", method: "elicitation/create", params: {} } as const;
    const { mirror, tasks } = mirrorOf(running(3, "asks", { inputRequests: [question] }));
    const task = await mirror.get("a");
    const omitted = ["arguments", "inputRequests"] as const;
    tasks.set("a", running(3, "asks", { arguments: {}, inputRequests: [], omitted }));
    await mirror.list();
    expect(task?.view).toMatchObject({ arguments: { city: "Oslo" }, inputRequests: [question] });
    expect(task?.view).not.toHaveProperty("omitted");
  });

  it("catches up after a gap: what ended, began and was deleted meanwhile is news", async () => {
    const { mirror, tasks, news, listen, asked } = mirrorOf(
      running(1, "begun"),
      running(1, "begun", { id: "b" }),
    );
    listen();
    const [one, two] = await mirror.resume();
    mirror.connected(false);
    await settled();
    expect(news, "nobody was promised what was before").toEqual([]);
    tasks.set("a", ended());
    tasks.delete("b");
    tasks.set("c", running(1, "new", { id: "c" }));
    asked.length = 0;
    mirror.connected(false);
    await settled();
    expect(news.sort()).toEqual(["a completed", "b lost", "c working"]);
    expect([one?.view.status, two?.view.status]).toEqual(["completed", "lost"]);
    expect(asked).toEqual(["all", "b"]);
    mirror.connected(true);
    await settled();
    expect(asked, "nothing was missed").toHaveLength(2);
  });

  it("cancels at the source, and ends waits when its client is closed", async () => {
    const { mirror, closing, needs } = mirrorOf(running(1, "begun"));
    const task = await mirror.get("a");
    await task?.cancel();
    expect(task?.view.cancelling).toBe(true);
    expect(needs.at(-1)).toBe(true);
    const waiting = expect(task?.result()).rejects.toThrow(ClientClosedError);
    closing.abort(new ClientClosedError());
    await waiting;
    expect(mirror.needsEvents).toBe(false);
  });

  it("is all that the companion tools need: they read tasks, and call none", async () => {
    const { mirror } = mirrorOf(ended("a"), running(1, "begun", { id: "b" }));
    const [check, , list] = companionTools(mirror);
    expect((await list?.execute({}))?.structuredContent).toMatchObject({
      tasks: [{ task: "b" }, { task: "a" }],
    });
    expect(await check?.execute({ task: "a" })).toEqual(result);
  });
});
