import { expect, it } from "vitest";
import { HeldTasks } from "../../../src/agent/held-tasks.ts";
import type { TaskRecord } from "../../../src/engine/record.ts";
import { Task } from "../../../src/task.ts";
import { viewOf } from "../../../src/task-view.ts";
import { callingRecord, runningRecord, settledRecord } from "../../fixtures/records.ts";

function taskOf(record: TaskRecord): Task {
  const never = (): Promise<never> => Promise.reject(new Error("Nothing is asked of it"));
  return new Task(viewOf(record), {
    cancel: never,
    answer: never,
    storedResult: never,
    closed: new AbortController().signal,
  });
}

it("keeps what runs, and the last fifty calls that ended and are in no store", () => {
  const held = new HeldTasks();
  held.hold(taskOf(runningRecord({ id: "runs" })));
  const outcome = { kind: "completed", result: { content: [] } } as const;
  for (let count = 0; count < 60; count++) {
    held.hold(taskOf(callingRecord({ id: `plain-${count}`, stage: "settled", outcome })));
  }
  expect(held.all()).toHaveLength(51);
  expect(held.get("runs")).toBeDefined();
  expect(held.get("plain-9")).toBeUndefined();
  expect(held.get("plain-10")).toBeDefined();
  expect(held.has("plain-9"), "it is still known to be ours").toBe(true);
});

it("does not keep what the client has in its store", () => {
  const held = new HeldTasks();
  held.hold(taskOf(settledRecord({ id: "stored" })));
  expect(held.get("stored")).toBeUndefined();
  expect(held.has("stored")).toBe(true);
});

it("forgets the oldest of very many ids", () => {
  const held = new HeldTasks();
  const task = taskOf(settledRecord());
  for (let count = 0; count <= 10_000; count++) {
    held.hold(
      Object.create(task, {
        id: { value: `t-${count}` },
        view: { value: task.view },
      }),
    );
  }
  expect([held.has("t-0"), held.has("t-1"), held.has("t-10000")]).toEqual([false, true, true]);
});
