import { env } from "cloudflare:workers";
import type { Task } from "holdfast";
import { RemoteTaskClient } from "holdfast/remote";
import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ApiEnv } from "../../../worker/access/api-env.ts";
import { api } from "../../../worker/api/app.ts";
import { taskShape } from "../../../worker/api/schemas.ts";

/** The routes over the real objects. The principal is the token, so that each test has its own. */
const app = new Hono<ApiEnv>();
app.use(async (c, next) => {
  const token = c.req.header("authorization")?.replace("Bearer ", "");
  if (token) c.set("principal", token);
  await next();
});
app.route("/", api());

const fetchApi = ((address: string, init?: RequestInit) =>
  app.request(address, init, env)) as typeof globalThis.fetch;

let principal: string;
let client: RemoteTaskClient;

beforeEach(() => {
  principal = `p-${crypto.randomUUID()}`;
  client = clientOf(principal);
});

afterEach(() => client.close());

function clientOf(token: string): RemoteTaskClient {
  return new RemoteTaskClient({ url: "https://holdfast.test", token, fetch: fetchApi });
}

function get(path: string, token = principal): Promise<Response> {
  return Promise.resolve(
    app.request(`https://holdfast.test${path}`, { headers: { authorization: `Bearer ${token}` } }, env),
  );
}

const paper = (stage_ms: number, mode = "success") => ({ doi: "10.1/kelp", stage_ms, mode });

describe.each(["sample-2025", "sample-2026"])("a remote client and the objects, over %s", (endpoint) => {
  test("a task is started, watched and brought to its result", async () => {
    const task = await client.callTool(endpoint, "acquire_paper", paper(100));
    const seen: string[] = [];
    for await (const { status } of task) seen.push(status);
    expect(seen.at(-1)).toBe("completed");
    expect(await task.result()).toMatchObject({ structuredContent: { doi: "10.1/kelp" } });
    const held = await (await get(`/v1/tasks/${task.id}`)).json();
    expect(taskShape.strict().safeParse(held).error).toBeUndefined();
  });

  test("a plain call resolves with its result at once", async () => {
    const task = await client.callTool(endpoint, "lookup_doi", { doi: "10.1/kelp" });
    expect(await task.result()).toMatchObject({ structuredContent: { doi: "10.1/kelp" } });
  });

  test("a question is answered by a different page from the one that called", async () => {
    const { id } = await client.callTool(endpoint, "acquire_paper", paper(100, "ask"));
    await client.close();
    client = clientOf(principal);
    const [task] = (await client.resume()) as [Task];
    expect(task.id).toBe(id);
    for await (const { inputRequests } of task) {
      const [question] = inputRequests;
      if (!question) continue;
      const content = { edition: "published", with_supplement: false };
      await task.answer(question.key, { action: "accept", content });
      break;
    }
    expect(await task.result()).toMatchObject({ structuredContent: { edition: "published" } });
  });

  test("a task is in the list, hidden from others, and gone once deleted", async () => {
    const task = await client.callTool(endpoint, "acquire_paper", paper(10));
    await task.result();
    expect((await client.list()).map(({ id }) => id)).toEqual([task.id]);
    expect(await client.resume()).toEqual([]);
    const stranger = clientOf(`p-${crypto.randomUUID()}`);
    expect([await stranger.list(), await stranger.get(task.id)]).toEqual([[], undefined]);
    await stranger.forget(task.id);
    await stranger.close();
    await client.forget(task.id);
    expect([await client.list(), await client.get(task.id)]).toEqual([[], undefined]);
  });

  test("a client that watches a task is notified when another deletes it", async () => {
    const watcher = clientOf(principal);
    const gone: string[] = [];
    const ended: string[] = [];
    watcher.subscribe(
      ({ view: { id, outcome } }) => outcome && ended.push(id),
      (id) => gone.push(id),
    );
    const task = await client.callTool(endpoint, "acquire_paper", paper(100));
    await task.result();
    await expect.poll(() => ended).toEqual([task.id]);
    await client.forget(task.id);
    await expect.poll(() => gone).toEqual([task.id]);
    await watcher.close();
  });

  test("a task is cancelled", async () => {
    const task = await client.callTool(endpoint, "acquire_paper", paper(5_000));
    await task.cancel();
    await expect(task.result()).rejects.toMatchObject({ name: "TaskCancelledError" });
  });

  test("the tools of an endpoint are listed", async () => {
    expect((await client.listTools(endpoint)).map(({ name }) => name)).toContain("acquire_paper");
  });
});

test("long polling brings the outcome in one request", async () => {
  const task = await client.callTool("sample-2026", "acquire_paper", paper(100));
  const response = await get(`/v1/tasks/${task.id}?wait=20`);
  expect(await response.json()).toMatchObject({ status: "completed" });
});
