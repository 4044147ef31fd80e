import { expect, test, vi } from "vitest";
import { observeTaskListing, observeTasks } from "../../../src/observe/index.ts";
import type { Task } from "../../../src/task.ts";
import type { TaskView } from "../../../src/task-view.ts";
import { running, ScriptedClient } from "../react/scripted-client.ts";

/** A client that lists `count` tasks in this order, and says how often anything read when one was created. */
function listing(count: number, order: (tasks: readonly Task[]) => readonly Task[]) {
  let reads = 0;
  class Counting extends ScriptedClient {
    override async list(): Promise<readonly Task[]> {
      const tasks = await super.list();
      return order(tasks).map(({ id, view }) => {
        const counted: TaskView = {
          ...view,
          get createdAt() {
            reads++;
            return view.createdAt;
          },
        };
        return { id, view: counted } as unknown as Task;
      });
    }
  }
  const client = new Counting(...Array.from({ length: count }, (_, index) => running(index + 1)));
  return { client, reads: () => reads };
}

test.each([
  ["in the order of their creation", (tasks: readonly Task[]) => tasks],
  ["the newest first", (tasks: readonly Task[]) => tasks.toReversed()],
  [
    "in any order",
    (tasks: readonly Task[]) =>
      tasks.toSorted((a, b) => (a.id.at(-1) ?? "").localeCompare(b.id.at(-1) ?? "")),
  ],
])("listing 2,000 tasks %s takes work in proportion, and shows the oldest first", async (_name, order) => {
  const { client, reads } = listing(2_000, order);
  const views = observeTasks(client);
  const listed = observeTaskListing(client);
  const stop = [views.subscribe(() => undefined), listed.subscribe(() => undefined)];
  await vi.waitFor(() => expect(listed.get().status).toBe("ready"));
  expect(views.get().map(({ id }) => id)).toEqual(
    Array.from({ length: 2_000 }, (_, index) => `task-${index + 1}`),
  );
  // A sort of all compares some 22,000 pairs. One sort for each task would compare millions.
  expect(reads()).toBeLessThan(100_000);
  for (const each of stop) each();
});
