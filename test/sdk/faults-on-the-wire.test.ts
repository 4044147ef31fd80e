import { afterEach, describe, expect, test } from "vitest";
import { fromUrl as fromUrlHttp } from "../../src/channel/http.ts";
import { fromUrl as fromUrlV1 } from "../../src/channel/sdk-v1.ts";
import { type Connector, fromUrl as fromUrlV2 } from "../../src/channel/sdk-v2.ts";
import type { RequestFailure } from "../../src/engine/request-failure.ts";
import { type Task, TaskClient, type TaskClientOptions } from "../../src/index.ts";
import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { LEGACY_URL, LegacyServer } from "./legacy-server.ts";
import { type Listener, listen } from "./loopback.ts";
import { MODERN_URL, ModernServer } from "./modern-server.ts";
import { until } from "./until.ts";
import type { Fetch } from "./wire.ts";

type Generation = "2025-11-25" | "2026-07-28";
type Connect = (fetch: Fetch, url?: URL) => Connector;

const CASES: readonly [string, Generation, Connect][] = [
  ["2025-11-25 on the v1 SDK", "2025-11-25", (fetch, url = LEGACY_URL) => fromUrlV1(url, { fetch })],
  [
    "2025-11-25 on the v2 SDK",
    "2025-11-25",
    (fetch, url = LEGACY_URL) => fromUrlV2(url, { fetch, era: "2025-11-25" }),
  ],
  ["2026-07-28", "2026-07-28", (fetch, url = MODERN_URL) => fromUrlV2(url, { fetch, era: "2026-07-28" })],
  [
    "2025-11-25 without an SDK",
    "2025-11-25",
    (fetch, url = LEGACY_URL) => fromUrlHttp(url, { fetch, era: "2025-11-25" }),
  ],
  [
    "2026-07-28 without an SDK",
    "2026-07-28",
    (fetch, url = MODERN_URL) => fromUrlHttp(url, { fetch, era: "2026-07-28" }),
  ],
];

/** What becomes of a request in place of its being served. */
type Spoiling = (id: unknown, init: RequestInit) => Response | Promise<Response>;

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server, and a way to it on which the test spoils requests. */
class FaultyWay {
  readonly server: LegacyServer | ModernServer;
  /** When each request left, by its method: ms since the process began. */
  readonly sent: { readonly method: string; readonly at: number }[] = [];
  readonly #spoilings: Map<string, Spoiling[]> = new Map();
  /** Spoils every request, while it is there. */
  always: Spoiling | undefined;

  constructor(generation: Generation) {
    this.server = generation === "2026-07-28" ? new ModernServer() : new LegacyServer();
    closers.push(() => this.server.close());
  }

  readonly fetch: Fetch = async (url, init = {}) => {
    const frame: unknown = typeof init.body === "string" ? JSON.parse(init.body) : undefined;
    const { method, id } = isObject(frame) ? frame : {};
    this.sent.push({ method: String(method), at: performance.now() });
    const spoiling = this.always ?? this.#spoilings.get(String(method))?.shift();
    return spoiling ? spoiling(id, init) : this.server.fetch(url, init);
  };

  /** Spoils the next requests of this method, one each. */
  spoil(method: string, ...spoilings: Spoiling[]): void {
    this.#spoilings.set(method, spoilings);
  }

  /** When the requests of a method left. */
  times(method: string): number[] {
    return this.sent.filter((request) => request.method === method).map(({ at }) => at);
  }

  client(connect: Connect, options: Partial<TaskClientOptions> = {}): TaskClient {
    const client = new TaskClient({
      store: memoryStore(),
      endpoints: { server: connect(this.fetch) },
      timing: { backoffMs: 40, maxBackoffMs: 40 },
      // Streams of their own would be spoilt as well, and this is about the requests.
      push: false,
      ...options,
    });
    closers.push(() => client.close());
    return client;
  }
}

/** The failure of every retry that the task is seen in, each once. */
function failuresOf(task: Task): RequestFailure[] {
  const seen: RequestFailure[] = [];
  task.subscribe(() => {
    const failure = task.view.retry?.failure;
    if (failure && !seen.includes(failure)) seen.push(failure);
  });
  return seen;
}

/** Sees the task to its end at a server that is sane again. */
async function completes(way: FaultyWay, task: Task): Promise<void> {
  expect(task.view.outcome).toBeUndefined();
  await way.server.finish(task.view.taskId ?? "", "whole");
  expect((await task.result()).content).toEqual([{ type: "text", text: "whole" }]);
  expect(task.view).not.toHaveProperty("retry");
  expect(way.times("tools/call")).toHaveLength(1);
}

const status =
  (code: number, headers: Record<string, string> = {}, body = ""): Spoiling =>
  () =>
    new Response(body, { status: code, headers });

/** A reply of JSON-RPC to the request. */
const json =
  (result: JsonObject): Spoiling =>
  (id) =>
    Response.json({ jsonrpc: "2.0", id, result });

const body =
  (text: string, contentType: string): Spoiling =>
  () =>
    new Response(text, { headers: { "content-type": contentType } });

const PAGE = "<!doctype html><title>Bad gateway</title><h1>502</h1>";
const TASK = { createdAt: "2026-08-01T12:00:00Z", lastUpdatedAt: "2026-08-01T12:00:00Z", status: "working" };

describe.each(CASES)("%s", (_name, generation, connect) => {
  describe("a server that names a time", () => {
    test("in seconds is not polled before", async () => {
      const way = new FaultyWay(generation);
      const task = await way.client(connect).callTool("server", "report");
      const seen = failuresOf(task);
      way.spoil("tasks/get", status(429, { "retry-after": "1" }));
      await until("the poll after the refused one", () => way.times("tasks/get").length === 2);
      const [refused = 0, next = 0] = way.times("tasks/get");
      expect(next - refused).toBeGreaterThanOrEqual(990);
      expect(seen).toMatchObject([{ kind: "http", status: 429, retryAfterMs: 1_000 }]);
      await completes(way, task);
    });

    test("as a date is not polled before", async () => {
      const way = new FaultyWay(generation);
      const task = await way.client(connect).callTool("server", "report");
      // A date has whole seconds: this one is between one and two from now.
      const date = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 1_000);
      way.spoil("tasks/get", status(503, { "retry-after": date.toUTCString() }));
      await until("the poll after the refused one", () => way.times("tasks/get").length === 2);
      expect(Date.now()).toBeGreaterThanOrEqual(date.getTime() - 10);
      await completes(way, task);
    });

    test("is not called before either, and the call is made once more, as it was certainly not taken", async () => {
      const way = new FaultyWay(generation);
      way.spoil("tools/call", status(503, { "retry-after": "1" }));
      const task = await way.client(connect).callTool("server", "report");
      const [refused = 0, taken = 0, ...more] = way.times("tools/call");
      expect(taken - refused).toBeGreaterThanOrEqual(990);
      expect(more).toEqual([]);
      expect(task.view.status).toBe("working");
    });
  });

  test("a server that is down without a word is asked less and less often", async () => {
    const way = new FaultyWay(generation);
    const client = way.client(connect, { timing: { backoffMs: 60, maxBackoffMs: 240 } });
    const task = await client.callTool("server", "report");
    const down = status(503);
    way.spoil("tasks/get", down, down, down, down);
    await until("five polls", () => way.times("tasks/get").length === 5);
    const times = way.times("tasks/get");
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    for (const [index, gap] of gaps.entries()) {
      // Half a step at the least, less a timer's rounding.
      expect(gap).toBeGreaterThanOrEqual(Math.min(240, 60 * 2 ** index) / 2 - 3);
    }
    await completes(way, task);
  });

  test("without credentials that are taken the task waits in retry, and goes on with them", async () => {
    const way = new FaultyWay(generation);
    const task = await way.client(connect).callTool("server", "report");
    way.always = status(401);
    const retry = await until("retry", () => task.view.retry);
    expect(retry.failure.kind).toBe("unauthorized");
    const before = way.times("tasks/get").length;
    await until("three more polls", () => way.times("tasks/get").length >= before + 3);
    expect(task.view.status).toBe("working");
    way.always = undefined;
    await until("the end of the retry", () => !task.view.retry);
    await completes(way, task);
  });

  test.each<[string, Spoiling, readonly RequestFailure["kind"][]]>([
    ["is not JSON", body('{"jsonrpc":"2.0","id":', "application/json"), ["malformed"]],
    ["is JSON and no JSON-RPC", body("{}", "application/json"), ["malformed", "timeout"]],
    ["has a content type of its own", body("task: working", "text/yaml"), ["malformed", "network"]],
    ["is a page of HTML with a success", body(PAGE, "text/html"), ["malformed", "network"]],
    ["is a page of HTML with an error", status(502, { "content-type": "text/html" }, PAGE), ["http"]],
    [
      "is a stream that breaks off",
      body('event: message\ndata: {"jsonrpc":"2.0","id', "text/event-stream"),
      ["network", "timeout"],
    ],
    ["is a stream without a reply", body(": keep-alive\n\n", "text/event-stream"), ["network", "timeout"]],
    ["is of another task", json({ resultType: "complete", ...TASK, taskId: "another" }), ["malformed"]],
    ["has no status", json({ resultType: "complete", taskId: "another" }), ["malformed"]],
    ["is of the wrong types", json({ resultType: "complete", ...TASK, taskId: 7 }), ["malformed"]],
  ])("a reply that %s is retry, and the next poll goes on", async (_what, spoiling, kinds) => {
    const way = new FaultyWay(generation);
    const task = await way.client(connect, { requestTimeoutMs: 400 }).callTool("server", "report");
    const seen = failuresOf(task);
    way.spoil("tasks/get", spoiling);
    await until("the end of the retry", () => seen.length > 0 && !task.view.retry);
    expect(seen).toHaveLength(1);
    expect(kinds).toContain(seen[0]?.kind);
    await completes(way, task);
  });

  test("a server that hangs on one poll costs that poll, never the task", async () => {
    const way = new FaultyWay(generation);
    const task = await way.client(connect, { requestTimeoutMs: 300 }).callTool("server", "report");
    const seen = failuresOf(task);
    const hang: Spoiling = (_id, { signal }) =>
      new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    way.spoil("tasks/get", hang);
    await until("the end of the retry", () => seen.length > 0 && !task.view.retry);
    const { href } = generation === "2026-07-28" ? MODERN_URL : LEGACY_URL;
    expect(seen).toEqual([{ kind: "timeout", message: `No reply within 300 ms from ${href}` }]);
    // The task is past the limit of a request several times over.
    const from = way.times("tools/call")[0] ?? 0;
    await until("the task's age", () => performance.now() - from > 900);
    await completes(way, task);
  });

  test("with nobody at the address the task waits, and goes on when the server is back", async () => {
    const way = new FaultyWay(generation);
    let http = await serveBy(way.fetch);
    const { port } = http;
    closers.push(() => http.close());
    const url = new URL(`http://127.0.0.1:${port}/mcp`);
    const fetch: Fetch = (input, init) => globalThis.fetch(input, init);
    const client = new TaskClient({
      store: memoryStore(),
      endpoints: { server: connect(fetch, url) },
      timing: { backoffMs: 40, maxBackoffMs: 40 },
      push: false,
    });
    closers.push(() => client.close());
    const task = await client.callTool("server", "report");
    await http.close();
    const retry = await until("retry", () => task.view.retry);
    expect(retry.failure.kind).toBe("network");
    http = await serveBy(way.fetch, port);
    await until("the end of the retry", () => !task.view.retry);
    await completes(way, task);
  });
});

describe.each(CASES.filter(([, generation]) => generation === "2025-11-25"))("%s", (_name, _, connect) => {
  test("a task that has ended is not asked again whether it has: only its result is fetched", async () => {
    const way = new FaultyWay("2025-11-25");
    const task = await way.client(connect).callTool("server", "report");
    way.spoil("tasks/get", json({ ...TASK, taskId: task.view.taskId, ttl: null, status: "completed" }));
    way.spoil("tasks/result", status(500), status(500));
    await until("the retry with the result", () => task.view.retry);
    expect(task.view.snapshot?.status).toBe("completed");
    // The server itself has never said so, and says still that it works.
    await completes(way, task);
    expect(way.times("tasks/get")).toHaveLength(1);
    expect(way.times("tasks/result")).toHaveLength(3);
  });
});

describe.each<[string, Generation, URL]>([
  ["2025-11-25", "2025-11-25", LEGACY_URL],
  ["2026-07-28", "2026-07-28", MODERN_URL],
])("%s with the v2 SDK's token source", (_name, generation, url) => {
  test("a token that is no longer taken is renewed in the middle, and the task never knows", async () => {
    const way = new FaultyWay(generation);
    let valid = "first";
    let token = "first";
    let renewals = 0;
    const guarded: Fetch = (input, init) =>
      new Headers(init?.headers).get("authorization") === `Bearer ${valid}`
        ? way.fetch(input, init)
        : Promise.resolve(new Response(null, { status: 401, headers: { "www-authenticate": "Bearer" } }));
    const authProvider = {
      token: async () => token,
      onUnauthorized: async () => {
        renewals++;
        token = valid;
      },
    };
    const client = way.client(() => fromUrlV2(url, { fetch: guarded, era: generation, authProvider }));
    const task = await client.callTool("server", "report");
    const seen = failuresOf(task);
    valid = "second";
    const before = way.times("tasks/get").length;
    await until("polls with the new token", () => way.times("tasks/get").length >= before + 2);
    expect([renewals, token, seen]).toEqual([1, "second", []]);
    await completes(way, task);
  });
});

/** Serves HTTP on loopback with a `fetch`. */
function serveBy(fetch: Fetch, port?: number): Promise<Listener> {
  return listen(async ({ method, url, headers, body }, response) => {
    const reply = await fetch(`http://127.0.0.1${url}`, {
      method,
      headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
      ...(body && { body }),
    });
    response.writeHead(reply.status, Object.fromEntries(reply.headers));
    response.end(await reply.text());
  }, port);
}
