import { afterEach, describe, expect, test } from "vitest";
import { fromUrl as fromUrlHttp } from "../../src/channel/http.ts";
import { fromUrl as fromUrlV1 } from "../../src/channel/sdk-v1.ts";
import { type Connector, fromUrl as fromUrlV2 } from "../../src/channel/sdk-v2.ts";
import { TaskClient } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { LEGACY_URL, LegacyServer } from "./legacy-server.ts";
import { until } from "./until.ts";
import { type Fetch, Wire } from "./wire.ts";

const CASES: readonly [string, (fetch: Fetch) => Connector][] = [
  ["the v1 SDK", (fetch) => fromUrlV1(LEGACY_URL, { fetch })],
  ["the v2 SDK", (fetch) => fromUrlV2(LEGACY_URL, { fetch, era: "2025-11-25" })],
  ["no SDK", (fetch) => fromUrlHttp(LEGACY_URL, { fetch, era: "2025-11-25" })],
];

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Requests and what they were answered with, without the stream of notifications. */
function posts(wire: Wire): string[] {
  return wire.sent.flatMap(({ http, method, status }) => (http === "POST" ? `${method} ${status}` : []));
}

describe.each(CASES)("a session the server forgot, fromUrl on %s", (_name, connect) => {
  test("is made anew once, the task is looked up in it, and later pages use the new one", async () => {
    const server = new LegacyServer();
    const store = memoryStore();
    const pageOne = new TaskClient({ store, endpoints: { server: connect(server.fetch) } });
    closers.push(() => server.close());
    const { taskId = "" } = (await pageOne.callTool("server", "report")).view;
    const old = await pageOne.rememberedSession("server");
    await pageOne.close();

    server.forgetSessions();
    const wire = new Wire(server.fetch);
    const pageTwo = new TaskClient({ store, endpoints: { server: connect(wire.fetch) } });
    closers.push(() => pageTwo.close());
    const [task] = await pageTwo.resume();
    await until("a poll in the new session", () => posts(wire).includes("tasks/get 200"));
    await server.finish(taskId, "found again");
    expect((await task?.result())?.content).toEqual([{ type: "text", text: "found again" }]);

    expect(posts(wire).slice(0, 4)).toEqual([
      "tasks/get 404",
      "initialize 200",
      "notifications/initialized 202",
      "tasks/get 200",
    ]);
    expect(wire.count("initialize")).toBe(1);
    const renewed = await pageTwo.rememberedSession("server");
    expect(renewed?.sessionId).toEqual(expect.any(String));
    expect(renewed?.sessionId).not.toBe(old?.sessionId);
    expect(await store.loadSession("server")).toEqual(renewed);
  });

  test.each<[string, (id: unknown) => unknown]>([
    ["no request", () => null],
    ["a request that Holdfast did not send, as the Python SDK's", () => "server-error"],
    ["the request", (id) => id],
  ])("is made anew too when the 404 holds a JSON-RPC error that names %s", async (_what, idOf) => {
    const server = new LegacyServer();
    const wire = new Wire(async (url, init) => {
      const response = await server.fetch(url, init);
      if (response.status !== 404) return response;
      const { id } = JSON.parse(String(init?.body)) as { id?: unknown };
      const error = { code: -32600, message: "Not Found: Invalid or expired session ID" };
      return Response.json({ jsonrpc: "2.0", id: idOf(id), error }, { status: 404 });
    });
    const client = new TaskClient({
      store: memoryStore(),
      endpoints: { server: connect(wire.fetch) },
      push: false,
    });
    closers.push(
      () => server.close(),
      () => client.close(),
    );
    const task = await client.callTool("server", "report");
    server.forgetSessions();
    await server.finish(task.view.taskId ?? "", "found again");
    await until("the end", () => task.view.outcome ?? task.view.retry);
    expect(task.view.outcome).toMatchObject({ kind: "completed" });
    expect(wire.count("initialize")).toBe(2);
  });

  test("that is forgotten again at once is not made anew in a circle: the task waits", async () => {
    const server = new LegacyServer();
    let forgetful = false;
    const wire = new Wire((url, init) => {
      if (forgetful && String(init?.body).includes('"tasks/get"')) {
        return Promise.resolve(new Response("Session not found", { status: 404 }));
      }
      return server.fetch(url, init);
    });
    const client = new TaskClient({
      store: memoryStore(),
      endpoints: { server: connect(wire.fetch) },
      timing: { backoffMs: 600_000, maxBackoffMs: 600_000 },
    });
    closers.push(
      () => server.close(),
      () => client.close(),
    );
    const task = await client.callTool("server", "report");
    forgetful = true;
    const before = posts(wire).length;
    const retry = await until("the poll's failure", () => task.view.retry);

    expect(retry.failure).toMatchObject({ kind: "http", status: 404 });
    expect(posts(wire).slice(before)).toEqual([
      "tasks/get 404",
      "initialize 200",
      "notifications/initialized 202",
      "tasks/get 404",
    ]);
    expect(task.view.status).toBe("working");

    forgetful = false;
    client.nudge();
    await until("the end of the retry", () => !task.view.retry);
    await server.finish(task.view.taskId ?? "", "survived");
    expect((await task.result()).content).toEqual([{ type: "text", text: "survived" }]);
  });

  test("is renewed only once by several concurrent polls", async () => {
    const server = new LegacyServer();
    const store = memoryStore();
    const pageOne = new TaskClient({ store, endpoints: { server: connect(server.fetch) } });
    closers.push(() => server.close());
    const ids = await Promise.all(
      Array.from({ length: 8 }, async () => (await pageOne.callTool("server", "report")).view.taskId ?? ""),
    );
    await pageOne.close();
    server.forgetSessions();
    for (const id of ids) await server.finish(id, id);

    const wire = new Wire(server.fetch);
    const pageTwo = new TaskClient({ store, endpoints: { server: connect(wire.fetch) } });
    closers.push(() => pageTwo.close());
    const results = await Promise.all(
      (await pageTwo.resume()).map(async (task) => [
        task.view.taskId,
        (await task.result()).content[0]?.text,
      ]),
    );

    expect(new Map(results as [string, string][])).toEqual(new Map(ids.map((id) => [id, id])));
    expect(posts(wire).filter((post) => post === "tasks/get 404").length).toBeGreaterThan(1);
    expect(wire.count("initialize")).toBe(1);
  });

  test("fails no other call that is still out in it", async () => {
    const server = new LegacyServer();
    const store = memoryStore();
    const pageOne = new TaskClient({ store, endpoints: { server: connect(server.fetch) } });
    closers.push(() => server.close());
    await pageOne.listTools("server");
    await pageOne.close();
    server.forgetSessions();

    // The second call learns that the session is gone only after the first has made a new one.
    let calls = 0;
    const wire = new Wire(async (url, init) => {
      const response = await server.fetch(url, init);
      if (String(init?.body).includes('"tools/call"') && ++calls === 2) {
        await until("the new session", () => posts(wire).includes("tools/call 200"));
      }
      if (init?.signal?.aborted) throw new DOMException("Aborted", "AbortError");
      return response;
    });
    const pageTwo = new TaskClient({
      store,
      endpoints: { server: connect(wire.fetch) },
      timing: { backoffMs: 20, maxBackoffMs: 20 },
    });
    closers.push(() => pageTwo.close());
    const tasks = await Promise.all([
      pageTwo.callTool("server", "report"),
      pageTwo.callTool("server", "report"),
    ]);

    expect(tasks.map(({ view: { status } }) => status)).toEqual(["working", "working"]);
    expect(tasks[0].view.taskId).not.toBe(tasks[1].view.taskId);
    expect(
      posts(wire)
        .filter((post) => post.startsWith("tools/call"))
        .sort(),
    ).toEqual(["tools/call 200", "tools/call 200", "tools/call 404", "tools/call 404"]);
    expect(wire.count("initialize")).toBe(1);
  });
});
