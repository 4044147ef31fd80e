import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { TaskView } from "holdfast";
import { expect, it } from "vitest";
import { ask, json, post } from "./whole-worker.ts";

const PATH = "/v1/endpoints/sample-2026/calls";
const call = { tool: "acquire_paper", arguments: { doi: "10.1/kelp", stage_ms: 50 } };

it("a key makes its call once, answers with its task, and refuses another call", async () => {
  const headers = { "idempotency-key": crypto.randomUUID() };
  const replies = await Promise.all(Array.from({ length: 5 }, () => post(PATH, call, headers)));
  const tasks = await Promise.all(replies.map((reply) => json<TaskView>(reply)));
  expect(new Set(tasks.map(({ id }) => id)).size).toBe(1);
  const other = await post(PATH, { ...call, arguments: { doi: "10.1/other" } }, headers);
  expect(other.status).toBe(422);
  expect(await json(other)).toMatchObject({ code: "idempotency-conflict" });
});

it("a key whose task was deleted makes no second call", async () => {
  const headers = { "idempotency-key": crypto.randomUUID() };
  const { id } = await json<TaskView>(post(PATH, call, headers));
  await json(ask(`/v1/tasks/${id}?wait=20`));
  expect((await ask(`/v1/tasks/${id}`, { method: "DELETE" })).status).toBe(204);
  const again = await post(PATH, call, headers);
  expect(again.status).toBe(410);
  expect(await json(again)).toMatchObject({ code: "task-deleted" });
  expect((await ask(`/v1/tasks/${id}`)).status).toBe(404);
});

it("a key whose task is kept no longer makes no second call", async () => {
  const headers = { "idempotency-key": crypto.randomUUID() };
  const plain = { tool: "lookup_doi", arguments: { doi: "10.1/kelp" } };
  const { id } = await json<TaskView>(post(PATH, plain, headers));
  const group = env.TASK_GROUP.getByName(JSON.stringify(["demo", "sample-2026", Number(id.split(".")[1])]));
  // As if others had settled since, more than are kept.
  await runInDurableObject(group, (_group, { storage }) => {
    // The number of its last change is the time of it.
    storage.sql.exec("UPDATE task SET seq = 1 WHERE id = ?", id);
  });
  await evictDurableObject(group);
  await expect.poll(async () => (await ask(`/v1/tasks/${id}`)).status).toBe(404);
  const isMarked = () =>
    runInDurableObject(env.PRINCIPALS.getByName("demo"), (_directory, { storage }) =>
      storage.sql.exec("SELECT deleted FROM idempotency_keys WHERE id = ?", id).one(),
    );
  await expect.poll(isMarked).toEqual({ deleted: 1 });
  const again = await post(PATH, plain, headers);
  expect(again.status).toBe(410);
  expect(await json(again)).toMatchObject({ code: "task-deleted" });
});

it("a plain call is answered with its result, and its location returns the same task", async () => {
  const reply = await post(PATH, { tool: "lookup_doi", arguments: { doi: "10.1/kelp" } });
  expect(reply.status).toBe(200);
  const task = await json<TaskView>(reply);
  expect(task.outcome).toMatchObject({
    kind: "completed",
    result: { structuredContent: { doi: "10.1/kelp" } },
  });
  expect(await json(ask(reply.headers.get("location") ?? ""))).toEqual(task);
});
