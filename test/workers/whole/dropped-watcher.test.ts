import type { TaskView } from "holdfast";
import { readEventStream } from "holdfast/remote";
import { expect, it } from "vitest";
import { ask, json, post } from "./whole-worker.ts";

/** Reads one stored change, or what `ready` says, and goes away. */
async function visit(lastEventId?: string): Promise<{ id: string; task?: TaskView }> {
  const headers: Record<string, string> = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  const { body } = await ask("/v1/events", { headers });
  if (!body) throw new Error("No stream");
  for await (const { type, data, id } of readEventStream(body)) {
    if (type === "ready" && lastEventId === undefined && id !== undefined) return { id };
    if (type === "task" && id !== undefined) return { id, task: JSON.parse(data) as TaskView };
  }
  throw new Error("The stream ended");
}

it("a watcher that drops and returns 100 times sees every update once, in order", {
  timeout: 60_000,
}, async () => {
  let { id: position } = await visit();
  const started = await Promise.all(
    Array.from({ length: 30 }, (_, n) =>
      json<TaskView>(
        post(`/v1/endpoints/sample-${n % 2 ? "2025" : "2026"}/calls`, {
          tool: "acquire_paper",
          arguments: { doi: `10.1/${n}`, stage_ms: 150 },
        }),
      ),
    ),
  );
  const seen = new Map<string, TaskView[]>(started.map(({ id }) => [id, []]));
  let visits = 0;
  while ([...seen.values()].some((changes) => !changes.at(-1)?.outcome)) {
    const { id, task } = await visit(position);
    visits++;
    position = id;
    if (task) seen.get(task.id)?.push(task);
  }
  for (const [id, changes] of seen) {
    const revs = changes.map(({ rev }) => rev);
    // From the first record of the call to its outcome, none left out and none twice.
    expect(revs, id).toEqual(Array.from({ length: revs.length }, (_, n) => n + 1));
    const now = await json<TaskView>(ask(`/v1/tasks/${id}`));
    expect(revs.at(-1), id).toBe(now.rev);
  }
  expect(visits).toBeGreaterThanOrEqual(100);
});
