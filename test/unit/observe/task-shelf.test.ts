import { expect, test } from "vitest";
import { TaskShelf } from "../../../src/observe/task-shelf.ts";
import type { Task } from "../../../src/task.ts";
import { viewOf } from "../../../src/task-view.ts";
import { settledRecord } from "../../fixtures/records.ts";
import { running } from "../react/scripted-client.ts";

const task = (number: number, statusMessage = ""): Task => {
  const view = viewOf(running(number, { snapshot: { ...running(number).snapshot, statusMessage } as never }));
  return { id: view.id, view } as Task;
};
const ended = (number: number): Task => {
  const view = viewOf(settledRecord({ id: `task-${number}`, createdAt: task(number).view.createdAt }));
  return { id: view.id, view } as Task;
};
const ids = (shelf: TaskShelf): string => shelf.all.map(({ id }) => id.slice(5)).join(" ");

test("a list that was read never changes, whatever happens to the tasks", () => {
  const shelf = new TaskShelf();
  for (const number of [3, 1, 2]) shelf.put(task(number), true);
  const read = shelf.all;
  const copy = [...read];
  shelf.put(task(2, "reading"), true);
  shelf.put(task(4), true);
  shelf.remove("task-1");
  shelf.put(ended(3), true);
  expect(read).toEqual(copy);
  expect(ids(shelf)).toBe("2 3 4");
  expect(shelf.all.map(({ outcome }) => outcome?.kind)).toEqual([undefined, "completed", undefined]);
});

test("the list is the same one until a task changes", () => {
  const shelf = new TaskShelf();
  const [one, two] = [task(1), ended(2)];
  for (const each of [one, two]) shelf.put(each, true);
  const read = shelf.all;
  // Neither is news: the same view, another handle of a settled task, a task that is not there.
  expect([shelf.put(one, true), shelf.put(ended(2), false), shelf.remove("task-9")]).toEqual([
    false,
    false,
    false,
  ]);
  expect(shelf.all).toBe(read);
  shelf.put(task(1, "reading"), true);
  expect(shelf.all).not.toBe(read);
});

test("a task that comes late stands where its age puts it, and the rest stays in order after changes", () => {
  const shelf = new TaskShelf();
  for (const number of [2, 4, 6]) shelf.put(task(number), true);
  expect(ids(shelf)).toBe("2 4 6");
  shelf.put(task(3), true);
  expect(ids(shelf)).toBe("2 3 4 6");
  shelf.put(task(1), true);
  shelf.put(task(6, "reading"), true);
  shelf.put(task(5), true);
  expect(ids(shelf)).toBe("1 2 3 4 5 6");
  shelf.remove("task-6");
  shelf.put(task(6), true);
  expect(ids(shelf)).toBe("1 2 3 4 5 6");
});
