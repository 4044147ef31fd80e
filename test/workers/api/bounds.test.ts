import type { TaskView } from "holdfast";
import { beforeEach, describe, expect, test } from "vitest";
import { fakeId, fakeTask } from "./fake-objects.ts";
import { ApiLab } from "./lab.ts";

interface Page {
  readonly tasks: TaskView[];
  readonly nextCursor?: string;
  readonly missing?: string[];
}

let lab: ApiLab;

beforeEach(() => {
  lab = new ApiLab();
});

/** Puts tasks into a group that the directory knows. Returns their ids, the newest first. */
function fill(
  endpoint: string,
  shard: number,
  from: number,
  count: number,
  parts: Partial<TaskView> = {},
): string[] {
  lab.objects.PRINCIPALS.getByName("alice").open({ endpoint, shard });
  const group = lab.objects.group("alice", endpoint, shard);
  const ids = Array.from({ length: count }, (_, n) => fakeId(endpoint, shard, from + 2 * n));
  for (const id of ids) group.put(fakeTask(id, parts));
  return ids.reverse();
}

async function page(query = ""): Promise<Page> {
  const response = await lab.request(`/v1/tasks?limit=100${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Page;
}

async function pages(): Promise<Page[]> {
  const all = [await page()];
  for (let last = all[0]; last?.nextCursor !== undefined; last = all.at(-1))
    all.push(await page(`&cursor=${last.nextCursor}`));
  return all;
}

describe("a list of tasks", () => {
  test("names the endpoints that cannot be read, and has the tasks of the others", async () => {
    const ids = fill("papers", 0, 1, 3);
    fill("press", 0, 2, 3);
    lab.objects.group("alice", "press").error = new Error("The object is overloaded");
    expect(await page()).toMatchObject({ tasks: ids.map((id) => ({ id })), missing: ["press"] });
  });

  test("is answered with a problem when no endpoint can be read", async () => {
    fill("papers", 0, 1, 3);
    lab.objects.group("alice", "papers").error = new Error("The object is overloaded");
    expect((await lab.request("/v1/tasks")).status).toBe(500);
  });

  test("has pages bounded by their length, and every task once and in order", async () => {
    const params = { message: "x".repeat(100_000) };
    const inputRequests = [{ key: "q", method: "elicitation/create", params }] as const;
    const ids = fill("papers", 0, 1, 90, { inputRequests });
    const all = await pages();
    expect(all.length).toBeGreaterThan(2);
    for (const { tasks } of all) expect(JSON.stringify(tasks).length).toBeLessThan(2.2 * 2 ** 20);
    expect(all.flatMap(({ tasks }) => tasks.map(({ id }) => id))).toEqual(ids);
  });

  test("keeps the order over groups whose own pages are full", async () => {
    const ids = [...fill("papers", 0, 1, 20), ...fill("press", 0, 2, 20)];
    lab.objects.group("alice", "papers").pageSize = 3;
    lab.objects.group("alice", "press").pageSize = 7;
    const uuid = (id: string): string => id.split(".")[2] ?? "";
    const newest = ids.sort((a, b) => (uuid(a) < uuid(b) ? 1 : -1));
    const all = await pages();
    expect(all.length).toBeGreaterThan(5);
    expect(all.flatMap(({ tasks }) => tasks.map(({ id }) => id))).toEqual(newest);
  });
});

describe("reads", () => {
  test("beyond the rate are refused, with the time to wait, and reach no group", async () => {
    const [id] = fill("papers", 0, 1, 1);
    lab.objects.group("alice", "papers").error = new Error("It was asked");
    lab.objects.PRINCIPALS.getByName("alice").reading = { ok: false, retryAfterMs: 1_500 };
    for (const [method, path] of [
      ["GET", "/v1/tasks"],
      ["GET", `/v1/tasks/${id}`],
      ["DELETE", `/v1/tasks/${id}`],
      ["POST", `/v1/tasks/${id}/cancel`],
      ["GET", `/v1/tasks/${id}/events`],
      ["GET", "/v1/events"],
      ["GET", "/v1/endpoints/papers/tools"],
      ["GET", "/v1/endpoints/papers/resource?uri=papers:kelp"],
    ] as const) {
      const response = await lab.request(path, { method });
      expect([response.status, response.headers.get("retry-after")], `${method} ${path}`).toEqual([429, "2"]);
      expect(await response.json()).toMatchObject({ code: "reads-a-minute" });
    }
  });

  test("of a made-up id reach no group that does not exist", async () => {
    fill("papers", 0, 1, 1);
    const before = [...lab.objects.groups.keys()];
    for (const id of [fakeId("papers", 7, 1), fakeId("nowhere", 0, 1)]) {
      expect((await lab.request(`/v1/tasks/${id}`)).status).toBe(404);
      expect((await lab.request(`/v1/tasks/${id}/events`)).status).toBe(404);
    }
    expect([...lab.objects.groups.keys()]).toEqual(before);
  });
});

describe("event streams", () => {
  test("beyond the limit are refused, and one that ends makes room", async () => {
    lab = new ApiLab({ LIMITS: JSON.stringify({ streams: 2 }) });
    const [id] = fill("papers", 0, 1, 1);
    const first = await lab.watch("/v1/events");
    const second = await lab.watch(`/v1/tasks/${id}/events`);
    await Promise.all([first.next(), second.next()]);
    for (const path of ["/v1/events", `/v1/tasks/${id}/events`]) {
      const refused = await lab.request(path);
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "10"]);
      expect(await refused.json()).toMatchObject({ code: "streams" });
    }
    second.leave();
    await expect.poll(async () => (await lab.watch("/v1/events")).response.status).toBe(200);
  });
});

test("a task that runs is deleted with force only", async () => {
  const [id] = fill("papers", 0, 1, 1);
  expect((await lab.request(`/v1/tasks/${id}`, { method: "DELETE" })).status).toBe(409);
  expect((await lab.request(`/v1/tasks/${id}?force=true`, { method: "DELETE" })).status).toBe(204);
  expect((await lab.request(`/v1/tasks/${id}`)).status).toBe(404);
});
