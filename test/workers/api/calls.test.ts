import type { TaskView } from "holdfast";
import { beforeEach, describe, expect, test } from "vitest";
import { taskShape } from "../../../worker/api/schemas.ts";
import { fakeTask } from "./fake-objects.ts";
import { ApiLab } from "./lab.ts";

const RESULT = { content: [{ type: "text", text: "done" }] };

let lab: ApiLab;

beforeEach(() => {
  lab = new ApiLab();
});

describe("a call", () => {
  test("that runs: 202, with where its task is", async () => {
    const response = await lab.call({
      tool: "report",
      arguments: { pages: 3 },
      prefer: "task",
      ttlMs: 60_000,
    });
    expect(response.status).toBe(202);
    const task = (await response.json()) as TaskView;
    expect(response.headers.get("location")).toBe(`/v1/tasks/${task.id}`);
    expect(response.headers.get("etag")).toBe('"1"');
    expect(taskShape.strict().safeParse(task).error).toBeUndefined();
    expect(lab.objects.group("alice", "papers").started).toEqual([
      { id: task.id, tool: "report", arguments: { pages: 3 }, prefer: "task", ttlMs: 60_000 },
    ]);
  });

  test("that has ended: 200, with its outcome", async () => {
    lab.objects.group("alice", "papers").answersCalls = ({ id }) =>
      fakeTask(id, { outcome: { kind: "completed", result: RESULT } });
    const response = await lab.call({ tool: "report" });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: "completed", outcome: { result: RESULT } });
  });

  test("the same key with the same body, in whatever order: one call, the same task", async () => {
    const key = { "idempotency-key": "key-1" };
    const [one, two] = [
      await lab.call({ tool: "report", arguments: { a: 1, b: [2] } }, key),
      await lab.call({ arguments: { b: [2], a: 1 }, tool: "report" }, key),
    ];
    expect([one.status, two.status]).toEqual([202, 202]);
    expect(((await one.json()) as TaskView).id).toBe(((await two.json()) as TaskView).id);
    expect(lab.objects.group("alice", "papers").started).toHaveLength(1);
  });

  test("the same key with another body: 422 idempotency-conflict", async () => {
    const key = { "idempotency-key": "key-1" };
    await lab.call({ tool: "report", arguments: { a: 1 } }, key);
    const response = await lab.call({ tool: "report", arguments: { a: 2 } }, key);
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ code: "idempotency-conflict" });
  });

  test("the limits of the principal are asked for, and 429 says when to come back", async () => {
    const directory = lab.objects.PRINCIPALS.getByName("alice");
    directory.admission = { ok: false, code: "calls-a-minute", retryAfterMs: 1_200 };
    const response = await lab.call({ tool: "report" });
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("2");
    expect(directory.asked).toMatchObject([{ endpoint: "papers", shardCeiling: 1000 }]);
  });

  test("an endpoint that is not configured: 404, and no object is asked", async () => {
    const response = await lab.post("/v1/endpoints/nowhere/calls", { tool: "report" });
    expect([response.status, await response.json()]).toMatchObject([404, { code: "unknown-endpoint" }]);
    expect(lab.objects.directories.size).toBe(0);
  });

  test.each([
    ["unknown-tool", 404],
    ["upstream", 502],
    ["upstream-unauthorized", 502],
    ["overloaded", 429],
  ] as const)("the group's %s is %i", async (code, status) => {
    lab.objects.group("alice", "papers").refusal = { code, detail: "So it is", retryAfterMs: 3_000 };
    const response = await lab.call({ tool: "report" });
    expect(response.status).toBe(status);
    expect(response.headers.get("retry-after")).toBe("3");
    expect(await response.json()).toMatchObject({ code, status, detail: "So it is" });
  });

  test("webhooks are refused where none are configured, and private addresses where they are", async () => {
    const call = { tool: "report", webhook: "https://app.example/hook" };
    expect(await (await lab.call(call)).json()).toMatchObject({ code: "webhook-refused" });
    lab = new ApiLab({ WEBHOOK_SECRET: "whsec_aG9sZGZhc3Q=" });
    expect((await lab.call(call)).status).toBe(202);
    for (const webhook of ["https://127.0.0.1/", "https://localhost/", "https://a:b@app.example/"]) {
      expect(await (await lab.call({ ...call, webhook })).json()).toMatchObject({ code: "webhook-refused" });
    }
    expect(await (await lab.call({ ...call, webhook: "ftp://app.example/" })).json()).toMatchObject({
      code: "malformed",
    });
  });
});

describe("bodies that are refused", () => {
  const deep = (depth: number): string =>
    `{"tool":"report","arguments":{"a":${"[".repeat(depth)}${"]".repeat(depth)}}}`;

  test.each([
    ["no JSON", "{", 422, "malformed"],
    ["nothing", "", 422, "malformed"],
    ["no object", "[1]", 422, "malformed"],
    ["null", "null", 422, "malformed"],
    ["no tool", "{}", 422, "malformed"],
    ["a field that is not known", '{"tool":"report","tools":1}', 422, "malformed"],
    ["arguments that are a list", '{"tool":"report","arguments":[]}', 422, "malformed"],
    ["a ttl below one", '{"tool":"report","ttlMs":0}', 422, "malformed"],
    ["65 levels", deep(63), 422, "malformed"],
    ["100,000 levels", deep(100_000), 422, "malformed"],
    ["100,000 levels, never closed", "[".repeat(100_000), 422, "malformed"],
    ["too much", JSON.stringify({ tool: "report", arguments: { a: "x".repeat(300_000) } }), 413, "too-large"],
    [
      "arguments a little too large",
      JSON.stringify({ tool: "report", arguments: { a: "x".repeat(262_140) } }),
      413,
      "too-large",
    ],
  ])("%s", async (_, body, status, code) => {
    const response = await lab.post("/v1/endpoints/papers/calls", body);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ code, status });
    expect(lab.objects.directories.size).toBe(0);
  });

  test("62 levels of arguments, and brackets in strings, are taken", async () => {
    expect((await lab.post("/v1/endpoints/papers/calls", deep(62))).status).toBe(202);
    const text = `${"[".repeat(1000)}\\"`;
    expect((await lab.call({ tool: "report", arguments: { text } })).status).toBe(202);
  });

  test("__proto__ and constructor are names like others, reach the tool, and change no object", async () => {
    const body =
      '{"tool":"report","arguments":{"__proto__":{"polluted":true},"constructor":{"prototype":{}}}}';
    expect((await lab.post("/v1/endpoints/papers/calls", body)).status).toBe(202);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    const [started] = lab.objects.group("alice", "papers").started;
    expect(JSON.stringify(started?.arguments)).toBe(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{}}}',
    );
    expect(Object.getPrototypeOf(started?.arguments)).toBe(Object.prototype);
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])(
    "of type %j: 415",
    async (type) => {
      const body = new TextEncoder().encode('{"tool":"report"}');
      const headers: Record<string, string> = type === "" ? {} : { "content-type": type };
      const response = await lab.request("/v1/endpoints/papers/calls", { method: "POST", headers, body });
      expect([response.status, await response.json()]).toMatchObject([
        415,
        { code: "unsupported-media-type" },
      ]);
    },
  );

  test.each(["", "x".repeat(256), "two words", "ümlaut"])("the Idempotency-Key %j: 422", async (key) => {
    const response = await lab.call({ tool: "report" }, { "idempotency-key": key });
    expect([response.status, await response.json()]).toMatchObject([422, { code: "malformed" }]);
  });

  test("a refusal does not repeat what was sent", async () => {
    const response = await lab.call({ tool: "report", ttlMs: "s3cret-value" });
    expect(await response.text()).not.toContain("s3cret");
  });
});
