import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { logTo } from "../../proxy/log.ts";
import { StdioBridge } from "../../proxy/serve/stdio-bridge.ts";
import { until } from "../browser/until.ts";

type Json = Readonly<Record<string, unknown>>;

const clean: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of clean.splice(0).reverse()) await one();
});

/** A bridge in front of a command, at an address of HTTP. */
async function bridged(command = process.execPath): Promise<{ url: string; said: string[] }> {
  const said: string[] = [];
  const args = [join(import.meta.dirname, "scripted-server.mjs")];
  const bridge = new StdioBridge(
    { kind: "local", name: "scripted", command, args, env: {} },
    logTo((text) => said.push(text), false),
  );
  const server = createServer((request, response) => void bridge.handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  clean.push(
    () => server.close(),
    () => server.closeAllConnections(),
    () => bridge.close(),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, said };
}

interface PostOptions {
  readonly session?: string | null;
  readonly signal?: AbortSignal;
}

function post(url: string, message: Json, { session, signal }: PostOptions = {}): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...(session && { "mcp-session-id": session }) },
    body: JSON.stringify({ jsonrpc: "2.0", ...message }),
    ...(signal && { signal }),
  });
}

async function answer(url: string, message: Json, options?: PostOptions): Promise<Json> {
  return (await (await post(url, message, options)).json()) as Json;
}

/** Messages of a stream of events, as they come. */
async function* events(response: Response): AsyncGenerator<Json> {
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const blocks = (text + chunk).split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) yield JSON.parse(block.slice("data: ".length)) as Json;
  }
}

async function received(url: string): Promise<readonly Json[]> {
  const { result } = await answer(url, { id: 99, method: "received" });
  return (result as { received: Json[] }).received;
}

const INITIALIZE = { method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {} } };

describe("StdioBridge", () => {
  test("shares one process, one handshake and one session among its clients", async () => {
    const { url } = await bridged();
    const [one, other] = await Promise.all([1, "b"].map((id) => post(url, { id, ...INITIALIZE })));
    const session = one?.headers.get("mcp-session-id") ?? "";
    expect(session).toMatch(/^[0-9a-f-]{36}$/);
    expect(other?.headers.get("mcp-session-id")).toBe(session);
    expect(await one?.json()).toMatchObject({ id: 1, result: { protocolVersion: "2025-11-25" } });
    expect(await other?.json()).toMatchObject({ id: "b", result: { protocolVersion: "2025-11-25" } });
    for (let n = 0; n < 2; n++)
      expect((await post(url, { method: "notifications/initialized" }, { session })).status).toBe(202);
    const methods = (await received(url)).map(({ method }) => method);
    expect(methods).toEqual(["initialize", "notifications/initialized", "received"]);
    // Of a server that never answers the probe, every later client would wait for that.
    expect(await answer(url, { id: 5, method: "server/discover" })).toMatchObject({
      error: { code: -32601 },
    });
  });

  test("keeps requests with the same id apart, and restores ids that come back as strings", async () => {
    const { url } = await bridged();
    const tokens = ["a", "b", "c"];
    const replies = await Promise.all(
      tokens.map(async (token) => {
        const params = { name: "progress", _meta: { progressToken: token } };
        const messages: Json[] = [];
        for await (const message of events(await post(url, { id: 1, method: "tools/call", params })))
          messages.push(message);
        return messages;
      }),
    );
    for (const [n, token] of tokens.entries())
      expect(replies[n]).toMatchObject([
        { method: "notifications/progress", params: { progressToken: token } },
        { id: 1, result: { done: token } },
      ]);
    const probe = await answer(url, { id: 1, method: "server/discover" });
    expect(probe).toEqual({ jsonrpc: "2.0", id: 1, error: { code: -32601, message: "Method not found" } });
  });

  test("sends a question on the stream of the call, and takes its answer by another request", async () => {
    const { url } = await bridged();
    const stream = events(await post(url, { id: 1, method: "tools/call", params: { name: "ask" } }));
    expect((await stream.next()).value).toMatchObject({ id: "question", method: "elicitation/create" });
    expect((await post(url, { id: "question", result: { action: "accept" } })).status).toBe(202);
    expect((await stream.next()).value).toMatchObject({ id: 1, result: { answered: { action: "accept" } } });
  });

  test("keeps a question of a task until somebody asks for the task's result", async () => {
    const { url } = await bridged();
    await answer(url, { id: 1, method: "tools/call", params: { name: "task" } });
    expect(await answer(url, { id: 2, method: "other" })).toMatchObject({ error: { code: -32601 } });
    const other = new AbortController();
    post(url, { id: 3, method: "tasks/result", params: { taskId: "t2" } }, { signal: other.signal }).catch(
      () => undefined,
    );
    const stream = events(await post(url, { id: 4, method: "tasks/result", params: { taskId: "t1" } }));
    expect((await stream.next()).value).toMatchObject({ id: "of-task" });
    other.abort();
    await post(url, { id: "of-task", result: { action: "decline" } });
    expect((await stream.next()).value).toMatchObject({ id: 4, result: { answered: { action: "decline" } } });
  });

  test("gives a subscription the id that its client knows, and cancels what its client gives up", async () => {
    const { url } = await bridged();
    const controller = new AbortController();
    const listen = { id: "mine", method: "subscriptions/listen", params: {} };
    const response = await post(url, listen, { signal: controller.signal });
    expect((await events(response).next()).value).toMatchObject({
      params: { _meta: { "io.modelcontextprotocol/subscriptionId": "mine" } },
    });
    const cancelled = new AbortController();
    const { headers } = await post(url, { id: 1, ...INITIALIZE });
    const session = headers.get("mcp-session-id");
    post(url, { id: 7, method: "resources/list" }, { session, signal: cancelled.signal }).catch(
      () => undefined,
    );
    await until(
      "it is under way",
      async () => (await received(url)).some(({ method }) => method === "resources/list") || undefined,
    );
    await post(url, { method: "notifications/cancelled", params: { requestId: 7 } }, { session });
    await post(url, { method: "notifications/cancelled", params: { requestId: 8 } }, { session });
    controller.abort();
    cancelled.abort();
    const ids = await until("both are cancelled", async () => {
      const all = await received(url);
      const idOf = (wanted: string): unknown => all.find(({ method }) => method === wanted)?.id;
      const cancels = all.filter(({ method }) => method === "notifications/cancelled");
      return cancels.length >= 2
        ? { cancels, wanted: [idOf("resources/list"), idOf("subscriptions/listen")] }
        : undefined;
    });
    expect(ids.cancels.map(({ params }) => (params as Json).requestId)).toEqual(ids.wanted);
  });

  test("breaks the connection of a call whose process dies, and forgets the session", async () => {
    const { url, said } = await bridged();
    const { headers } = await post(url, { id: 1, ...INITIALIZE });
    const session = headers.get("mcp-session-id");
    // Nobody knows what the call did: an answer of HTTP would say so.
    await expect(
      post(url, { id: 2, method: "tools/call", params: { name: "exit" } }, { session }),
    ).rejects.toThrow("fetch failed");
    expect(said).toEqual(["holdfast: scripted: it exited with code 3\n"]);
    await until("it runs again", async () => {
      const { status, headers } = await post(url, { id: 3, method: "other" }, { session });
      if (status !== 404) expect([status, headers.get("retry-after")]).toEqual([503, "1"]);
      return status === 404 || undefined;
    });
    const renewed = await post(url, { id: 4, ...INITIALIZE });
    expect(renewed.headers.get("mcp-session-id")).not.toBe(session);
  });

  test("answers 503 while its command cannot be started: nothing was sent", async () => {
    const { url, said } = await bridged("no-such-command");
    const reply = await post(url, { id: 1, method: "tools/call", params: { name: "x" } });
    expect([reply.status, reply.headers.get("retry-after")]).toEqual([503, "1"]);
    expect((await post(url, { id: 1, ...INITIALIZE })).status).toBe(503);
    expect(said[0]).toMatch(/^holdfast: scripted could not be started: its command was not found/);
  });

  test("refuses what is not a JSON-RPC message, and has no stream of its own", async () => {
    const { url } = await bridged();
    expect((await fetch(url, { method: "POST", body: "{" })).status).toBe(400);
    expect((await fetch(url)).status).toBe(405);
    expect((await fetch(url, { method: "DELETE" })).status).toBe(204);
  });
});
