import type { TaskView } from "holdfast";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { type FakeGroup, fakeId, fakeTask } from "./fake-objects.ts";
import { ApiLab } from "./lab.ts";

const RESULT = { content: [{ type: "text", text: "done" }] };
const ID = fakeId("papers", 0, 1);

let lab: ApiLab;
let group: FakeGroup;

beforeEach(() => {
  lab = new ApiLab();
  group = lab.objects.group("alice", "papers");
});

const settled = (id: string): TaskView =>
  fakeTask(id, { rev: 5, outcome: { kind: "completed", result: RESULT }, settledAt: 1_732_000_001_000 });

/** A task that ends when it has been waited for a little. */
function endsSoon(): void {
  setTimeout(() => group.put(settled(ID)), 20);
}

describe("getting a task", () => {
  test("returns it with its result, and its rev as ETag", async () => {
    group.put(settled(ID));
    const response = await lab.request(`/v1/tasks/${ID}`);
    expect([response.status, response.headers.get("etag")]).toEqual([200, '"5"']);
    expect(await response.json()).toMatchObject({ id: ID, outcome: { result: RESULT } });
  });

  test("unknown, foreign and malformed ids: the same 404", async () => {
    group.put(fakeTask(ID));
    const bodies: unknown[] = [];
    const ids = [
      ID,
      fakeId("papers", 0, 2),
      fakeId("papers", 7, 1),
      fakeId("nowhere", 0, 1),
      "x",
      "%00",
      "papers.0..",
    ];
    for (const id of ids) {
      for (const [method, path] of [
        ["GET", ""],
        ["GET", "/events"],
        ["DELETE", ""],
        ["POST", "/cancel"],
        ["POST", "/inputs/q"],
      ] as const) {
        const body = path.startsWith("/inputs")
          ? { body: "{}", headers: { "content-type": "application/json" } }
          : {};
        const response = await lab.request(`/v1/tasks/${id}${path}`, { method, ...body }, "mallory");
        expect(response.status, `${method} ${id}${path}`).toBe(404);
        const { instance: _, ...problem } = (await response.json()) as Record<string, unknown>;
        bodies.push(problem);
      }
    }
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
  });

  test("wait: responds when the task is settled", async () => {
    group.put(fakeTask(ID));
    endsSoon();
    const response = await lab.request(`/v1/tasks/${ID}?wait=30`);
    expect(await response.json()).toMatchObject({ status: "completed" });
  });

  test("wait: a change that does not concern the caller does not end the wait, a question does", async () => {
    group.put(fakeTask(ID));
    const asking = { status: "input_required", rev: 3 } as const;
    setTimeout(() => group.put(fakeTask(ID, { rev: 2 })), 10);
    setTimeout(() => group.put(fakeTask(ID, asking)), 30);
    const response = await lab.request(`/v1/tasks/${ID}?wait=30`);
    expect(await response.json()).toMatchObject(asking);
  });

  test("wait: responds with the current state when the time is over", async () => {
    group.put(fakeTask(ID));
    const response = await lab.request(`/v1/tasks/${ID}?wait=0.05`);
    expect(await response.json()).toMatchObject({ status: "working" });
  });

  test("If-None-Match of the present rev: 304, at once or after the wait", async () => {
    group.put(fakeTask(ID));
    for (const query of ["", "?wait=0.05"]) {
      const response = await lab.request(`/v1/tasks/${ID}${query}`, {
        headers: { "if-none-match": 'W/"0", "1"' },
      });
      expect([response.status, response.headers.get("etag")]).toEqual([304, '"1"']);
    }
  });

  test("If-None-Match of the present rev, with a change during the wait: the change", async () => {
    group.put(fakeTask(ID));
    setTimeout(() => group.put(fakeTask(ID, { rev: 2 })), 20);
    const response = await lab.request(`/v1/tasks/${ID}?wait=30`, { headers: { "if-none-match": '"1"' } });
    expect([response.status, await response.json()]).toMatchObject([200, { rev: 2 }]);
  });

  test("If-None-Match of an earlier rev, or of a settled task, does not wait", async () => {
    group.put(settled(ID));
    const known = (tag: string) =>
      lab.request(`/v1/tasks/${ID}?wait=60`, { headers: { "if-none-match": tag } });
    expect([(await known('"1"')).status, (await known('"5"')).status]).toEqual([200, 304]);
  });

  test.each(["61", "-1", "soon", "NaN"])("wait=%s: 422", async (wait) => {
    expect((await lab.request(`/v1/tasks/${ID}?wait=${wait}`)).status).toBe(422);
  });
});

describe("the list", () => {
  const ids = (page: { tasks: TaskView[] }): string[] => page.tasks.map(({ id }) => id);

  beforeEach(() => {
    const { list } = lab.objects.PRINCIPALS.getByName("alice");
    for (const [endpoint, shard] of [
      ["papers", 0],
      ["papers", 1],
      ["press", 0],
    ] as const)
      list.push({ endpoint, shard });
    for (let n = 1; n <= 25; n++) {
      const [endpoint, shard] = n % 3 === 0 ? (["press", 0] as const) : (["papers", n % 2] as const);
      const id = fakeId(endpoint, shard, n);
      const tool = n % 5 === 0 ? "odd" : "report";
      lab.objects
        .group("alice", endpoint, shard)
        .put(n > 20 ? fakeTask(id, { tool }) : { ...settled(id), tool });
    }
  });

  async function pages(query: string): Promise<string[][]> {
    const found: string[][] = [];
    let cursor = "";
    do {
      const response = await lab.request(`/v1/tasks?${query}${cursor && `&cursor=${cursor}`}`);
      expect(response.status).toBe(200);
      const page = (await response.json()) as { tasks: TaskView[]; nextCursor?: string };
      found.push(ids(page));
      cursor = page.nextCursor ?? "";
    } while (cursor);
    return found;
  }

  test("is one over all groups, the newest first, each task once, page by page", async () => {
    const found = await pages("limit=7");
    expect(found.map(({ length }) => length)).toEqual([7, 7, 7, 4]);
    const times = found.flat().map((id) => id.split(".")[2] ?? "");
    expect(times).toEqual([...new Set(times)].sort().reverse());
    expect(times).toHaveLength(25);
  });

  test("a task that is created between two pages moves none", async () => {
    const first = (await (await lab.request("/v1/tasks?limit=10")).json()) as {
      tasks: TaskView[];
      nextCursor: string;
    };
    group.put(fakeTask(fakeId("papers", 0, 26)));
    const second = (await (await lab.request(`/v1/tasks?limit=15&cursor=${first.nextCursor}`)).json()) as {
      tasks: TaskView[];
      nextCursor?: string;
    };
    expect(new Set([...ids(first), ...ids(second)]).size).toBe(25);
    expect(second.nextCursor).toBeUndefined();
  });

  test("is filtered by endpoint, status and tool", async () => {
    expect((await pages("endpoint=press")).flat()).toHaveLength(8);
    expect((await pages("status=unfinished")).flat()).toHaveLength(5);
    expect((await pages("tool=odd&status=completed")).flat()).toHaveLength(4);
    expect((await pages("endpoint=nowhere")).flat()).toEqual([]);
  });

  test("a principal without tasks has an empty one", async () => {
    expect(await (await lab.request("/v1/tasks", {}, "bob")).json()).toEqual({ tasks: [] });
  });

  test.each(["limit=0", "limit=101", "limit=x", "cursor=%25%25", "cursor=AAAA", "status=odd"])(
    "%s: 422",
    async (query) => {
      expect((await lab.request(`/v1/tasks?${query}`)).status).toBe(422);
    },
  );
});

describe("what is done to a task", () => {
  test("an answer: 202, and what is refused", async () => {
    const request = { key: "a/b", method: "elicitation/create", params: {} } as const;
    group.put(fakeTask(ID, { status: "input_required", inputRequests: [request] }));
    const path = `/v1/tasks/${ID}/inputs`;
    expect((await lab.post(`${path}/${encodeURIComponent("a/b")}`, { action: "decline" })).status).toBe(202);
    expect(await (await lab.post(`${path}/other`, {})).json()).toMatchObject({
      status: 409,
      code: "not-open",
    });
    group.refusal = { code: "invalid-answer", detail: "title is required" };
    expect(await (await lab.post(`${path}/a%2Fb`, {})).json()).toMatchObject({
      status: 422,
      code: "invalid-answer",
    });
    expect((await lab.post(`${path}/a%2Fb`, "[]")).status).toBe(422);
  });

  test("cancel: 202", async () => {
    group.put(fakeTask(ID));
    const response = await lab.request(`/v1/tasks/${ID}/cancel`, { method: "POST" });
    expect([response.status, await response.json()]).toMatchObject([202, { cancelling: true }]);
  });

  test("delete: 204 when it is settled, 409 while it runs", async () => {
    group.put(fakeTask(ID));
    const remove = () => lab.request(`/v1/tasks/${ID}`, { method: "DELETE" });
    expect(await (await remove()).json()).toMatchObject({ status: 409, code: "running" });
    group.put(settled(ID));
    expect((await remove()).status).toBe(204);
    expect((await remove()).status).toBe(404);
  });
});

describe("endpoints", () => {
  test("are listed by name and title, and nothing else of them", async () => {
    expect(await (await lab.request("/v1/endpoints")).json()).toEqual({
      endpoints: [{ name: "papers", title: "Papers" }, { name: "press" }],
    });
  });

  test("have tools", async () => {
    expect(await (await lab.request("/v1/endpoints/papers/tools")).json()).toMatchObject({
      tools: [{ name: "report", facts: { taskSupport: "optional" } }],
    });
    expect((await lab.request("/v1/endpoints/nowhere/tools")).status).toBe(404);
  });

  test("have resources, which are read as the server has them", async () => {
    const read = (query: string) => lab.request(`/v1/endpoints/papers/resource${query}`);
    expect(await (await read("?uri=papers%3A%2F%2Fkelp%3Fa%3D1")).json()).toEqual({
      contents: [{ uri: "papers://kelp?a=1", text: "Kelp" }],
    });
    const unknown = await read("?uri=papers:none");
    expect([unknown.status, await unknown.json()]).toMatchObject([502, { detail: "Resource not found" }]);
    expect((await read("")).status).toBe(422);
    expect((await lab.request("/v1/endpoints/nowhere/resource?uri=a")).status).toBe(404);
  });
});

describe("whatever else is asked", () => {
  test("without a principal: 401, and only what everybody may read", async () => {
    for (const path of ["/v1/tasks", "/v1/events", `/v1/tasks/${ID}`, "/v1/endpoints", "/v1/nothing"]) {
      const response = await lab.request(path, {}, null);
      expect([path, response.status, response.headers.get("www-authenticate")]).toEqual([
        path,
        401,
        'Bearer realm="holdfast"',
      ]);
    }
    expect((await lab.request("/v1/openapi.json", {}, null)).status).toBe(200);
  });

  test("an unknown address: 404; a method it does not have: 405 with those it has", async () => {
    const unknown = await lab.request("/v1/nothing");
    expect([unknown.status, await unknown.json()]).toMatchObject([404, { code: "not-found" }]);
    const wrong = await lab.request("/v1/tasks", { method: "PUT" });
    expect([wrong.status, await wrong.json()]).toMatchObject([405, { code: "method-not-allowed" }]);
    expect(wrong.headers.get("allow")).toContain("GET");
    expect((await lab.request("/v1/events", { method: "HEAD" })).status).toBe(405);
  });

  test("an unexpected error: 500 with an id that is in the log, and nothing of its message", async () => {
    const logged = vi.spyOn(console, "log").mockImplementation(() => undefined);
    group.error = new Error("postgres://user:s3cret@db");
    const response = await lab.request(`/v1/tasks/${ID}`);
    const problem = (await response.json()) as Record<string, string>;
    expect([response.status, problem.code]).toEqual([500, "internal"]);
    expect(JSON.stringify(problem)).not.toContain("s3cret");
    expect(problem.instance).toMatch(/^urn:uuid:/);
    expect(String(logged.mock.calls[0])).toContain(problem.instance);
    logged.mockRestore();
  });

  test("an object that is overloaded or moved: 503, to come again", async () => {
    const logged = vi.spyOn(console, "log").mockImplementation(() => undefined);
    group.error = Object.assign(new Error("Durable Object reset"), { retryable: true });
    const response = await lab.request(`/v1/tasks/${ID}`);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    logged.mockRestore();
  });
});
