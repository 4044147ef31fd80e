import { describe, expect, test, vi } from "vitest";
import type { TaskClient } from "../../src/index.ts";
import { type Answers, wireTask } from "./bare-server.ts";
import { CONNECTORS, clientOf, serverOf } from "./quirks.ts";
import { until } from "./until.ts";

const silent = (): undefined => undefined;

/** Requests of each kind, and the method that the server leaves unanswered. */
const DESCRIPTION = "the description of the tool to call";
const KINDS: readonly [string, Answers, (client: TaskClient, signal?: AbortSignal) => Promise<unknown>][] = [
  [
    "the handshake",
    { initialize: silent, "server/discover": silent },
    (client, signal) => client.session("server", signal && { signal }),
  ],
  [
    "tools/list",
    { "tools/list": silent },
    (client, signal) => client.listTools("server", signal && { signal }),
  ],
  [
    "a request of the app's own",
    { "resources/list": silent },
    (client, signal) => client.request("server", "resources/list", {}, signal && { signal }),
  ],
  [
    DESCRIPTION,
    { "tools/list": silent },
    (client, signal) => client.callTool("server", "plain", {}, signal && { signal }),
  ],
];

describe.each(CONNECTORS)("%s", (_name, connect) => {
  test.each(KINDS.filter(([what]) => what !== DESCRIPTION))(
    "requestTimeoutMs bounds %s",
    async (_what, answers, ask) => {
      const server = await serverOf(answers);
      const client = clientOf(connect(server.url), { requestTimeoutMs: 200 });
      await expect(ask(client)).rejects.toMatchObject({
        failure: { kind: "timeout", message: `No reply within 200 ms from ${server.url}` },
        target: { endpoint: "server", address: server.url },
      });
    },
  );

  test(`requestTimeoutMs bounds ${DESCRIPTION}, which is asked for again`, async () => {
    const server = await serverOf({ "tools/list": silent });
    const client = clientOf(connect(server.url), { requestTimeoutMs: 200 });
    const task = await client.start("server", "plain", {});
    await until("the list is asked for again", () => server.of("tools/list").length >= 2);
    expect(task.view).toMatchObject({ status: "queued", retry: { failure: { kind: "timeout" } } });
    await task.cancel();
  });

  test.each<[string, Answers]>([
    ["tasks/get", {}],
    ["tasks/result", { "tasks/get": () => wireTask("t1", "completed") }],
    ["tasks/cancel", { "tasks/get": () => wireTask("t1", "working") }],
    ["tasks/list", { "tools/call": silent }],
  ])("requestTimeoutMs bounds %s, which is sent again", async (method, answers) => {
    const called = { "tools/call": () => ({ task: wireTask("t1", "working") }) };
    const server = await serverOf({ ...called, ...answers, [method]: silent });
    const client = clientOf(connect(server.url), { requestTimeoutMs: 200, push: false });
    const task = await client.start("server", "slow");
    const failures: unknown[] = [];
    task.subscribe(() => failures.push(task.view.retry?.failure.kind));
    if (method === "tasks/cancel") {
      await until("the task", () => task.view.taskId);
      await task.cancel();
    }
    await until("the request is sent again", () => server.of(method).length >= 2);
    expect(failures).toContain("timeout");
  });

  test("requestTimeoutMs bounds tools/call, or the timeoutMs of the call does", async () => {
    const server = await serverOf({ "tools/call": silent });
    const client = clientOf(connect(server.url), { requestTimeoutMs: 60_000 });
    const ended = (limitMs: number) =>
      clientOf(connect(server.url), { requestTimeoutMs: limitMs }).callTool("server", "plain");
    await expect(ended(200)).rejects.toThrow("No reply within 200 ms");
    await expect(client.callTool("server", "plain", {}, { timeoutMs: 300 })).rejects.toThrow(
      "No reply within 300 ms",
    );
  });

  test("the timeoutMs of a request bounds one of the app's own", async () => {
    const server = await serverOf({ "resources/list": silent });
    const client = clientOf(connect(server.url));
    const asked = client.request("server", "resources/list", {}, { timeoutMs: 200 });
    await expect(asked).rejects.toThrow("No reply within 200 ms");
  });

  test("progress restarts the timeout of a plain call, up to ten times", async () => {
    let stop = (): void => undefined;
    const server = await serverOf({
      "tools/call": ({ response, params }) => {
        const { progressToken } = params._meta as { progressToken: unknown };
        response.writeHead(200, { "content-type": "text/event-stream" });
        const progress = {
          jsonrpc: "2.0",
          method: "notifications/progress",
          params: { progressToken, progress: 1 },
        };
        const timer = setInterval(() => response.write(`data: ${JSON.stringify(progress)}\n\n`), 50);
        stop = () => clearInterval(timer);
        response.on("close", stop);
        return undefined;
      },
    });
    const client = clientOf(connect(server.url), { requestTimeoutMs: 400 });
    const startedAt = performance.now();
    await expect(client.callTool("server", "plain")).rejects.toThrow("No reply within 400 ms");
    stop();
    const tookMs = performance.now() - startedAt;
    expect(tookMs).toBeGreaterThan(3_900);
  });

  test.each(KINDS)("an abort ends the wait for %s with its reason", async (_what, answers, ask) => {
    const server = await serverOf(answers);
    const client = clientOf(connect(server.url));
    const stop = new AbortController();
    const asked = ask(client, stop.signal);
    const refusal = expect(asked).rejects.toBe("enough");
    const [method = ""] = Object.keys(answers);
    await until(method, () => server.of(method).length > 0 || server.of("server/discover").length > 0);
    stop.abort("enough");
    await refusal;
  });
});

describe("an endpoint that cannot be reached", () => {
  test.each(CONNECTORS)("is named with its address and what is likely, %s", async (_name, connect) => {
    const server = await serverOf({});
    const { url } = server;
    server.close();
    const failure = await clientOf(connect(`${url}?token=secret`))
      .listTools("server")
      .catch((error: unknown) => error);
    expect(String(failure)).toContain(`on endpoint "server": No connection to ${url}:`);
    expect(String(failure)).toContain("ECONNREFUSED");
    expect(String(failure)).toContain("is the server running");
    expect(String(failure)).not.toContain("secret");
  });

  test.each(CONNECTORS)("cannot have a relative address where there is no page, %s", (_name, connect) => {
    expect(() => connect("/mcp")).toThrow(/"\/mcp" cannot be resolved here.*full address/);
    expect(() => connect("ftp://papers.example/mcp")).toThrow(/ftp: is not a protocol of MCP/);
  });

  test.each(CONNECTORS)("resolves a relative address against the page, %s", (_name, connect) => {
    vi.stubGlobal("location", { href: "https://app.example/tasks/list" });
    try {
      expect(connect("/mcp").address).toBe("https://app.example/mcp");
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
