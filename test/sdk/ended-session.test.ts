import { afterEach, describe, expect, test, vi } from "vitest";
import { fromUrl as fromUrlHttp } from "../../src/channel/http.ts";
import { fromUrl as fromUrlV1 } from "../../src/channel/sdk-v1.ts";
import { type Connector, fromUrl as fromUrlV2 } from "../../src/channel/sdk-v2.ts";
import { timerHost } from "../../src/hosts/timer-host.ts";
import { TaskClient } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import type { TaskStore } from "../../src/store/task-store.ts";
import { LEGACY_URL, LegacyServer } from "./legacy-server.ts";
import { STREAMING_URL, StreamingServer } from "./streaming-server.ts";
import { until } from "./until.ts";
import { type Fetch, type Sent, Wire } from "./wire.ts";

const requestInit = { headers: { "x-tenant": "sea" } };
const CONNECTORS: readonly [string, (url: URL, fetch: Fetch) => Connector][] = [
  ["the v1 SDK", (url, fetch) => fromUrlV1(url, { fetch, requestInit })],
  ["the v2 SDK", (url, fetch) => fromUrlV2(url, { fetch, requestInit, era: "2025-11-25" })],
  ["no SDK", (url, fetch) => fromUrlHttp(url, { fetch, requestInit, era: "2025-11-25" })],
];

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function clientOf(connector: Connector, store: TaskStore = memoryStore()): TaskClient {
  const client = new TaskClient({ store, endpoints: { server: connector }, host: timerHost() });
  closers.push(() => client.close());
  return client;
}

const deletes = (wire: Wire): readonly Sent[] => wire.sent.filter(({ http }) => http === "DELETE");

describe.each(CONNECTORS)("TaskClient.close({ endSessions: true }), fromUrl on %s", (_name, connect) => {
  test("ends the session at the server by one DELETE, and the next page agrees on a new one", async () => {
    const server = new LegacyServer();
    closers.push(() => server.close());
    const wire = new Wire(server.fetch);
    const store = memoryStore();
    const client = clientOf(connect(LEGACY_URL, wire.fetch), store);
    const { sessionId, protocolVersion } = await client.session("server");
    await client.close({ endSessions: true });
    expect(deletes(wire)).toMatchObject([{ status: 200 }]);
    const { headers } = deletes(wire)[0] as Sent;
    expect(headers.get("mcp-session-id")).toBe(sessionId);
    expect(headers.get("mcp-protocol-version")).toBe(protocolVersion);
    expect(headers.get("x-tenant")).toBe("sea");
    const later = new Wire(server.fetch);
    const next = clientOf(connect(LEGACY_URL, later.fetch), store);
    await next.listTools("server");
    expect(later.methods.slice(0, 3)).toEqual(["initialize", "notifications/initialized", "tools/list"]);
    expect((await next.session("server")).sessionId).not.toBe(sessionId);
  });

  test("ends a session that this page only remembers, without a handshake", async () => {
    const server = new LegacyServer();
    closers.push(() => server.close());
    const store = memoryStore();
    const first = clientOf(connect(LEGACY_URL, server.fetch), store);
    await first.session("server");
    await first.close();
    const wire = new Wire(server.fetch);
    await clientOf(connect(LEGACY_URL, wire.fetch), store).close({ endSessions: true });
    expect(wire.sent.map(({ http, status }) => [http, status])).toEqual([["DELETE", 200]]);
  });

  test.each<[string, (server: LegacyServer) => Fetch]>([
    ["answers 405", () => async () => new Response(null, { status: 405 })],
    ["answers 404", () => async () => new Response("Session not found", { status: 404 })],
    ["is away", () => () => Promise.reject(new TypeError("fetch failed"))],
  ])("resolves when the server %s", async (_how, answer) => {
    const server = new LegacyServer();
    closers.push(() => server.close());
    const wire = new Wire((url, init) =>
      init?.method === "DELETE" ? answer(server)(url, init) : server.fetch(url, init),
    );
    const client = clientOf(connect(LEGACY_URL, wire.fetch));
    await client.session("server");
    await client.close({ endSessions: true });
    expect(deletes(wire)).toHaveLength(1);
  });

  test("sends no DELETE unless it is asked for, and none where no session was agreed", async () => {
    const server = new LegacyServer();
    closers.push(() => server.close());
    const wire = new Wire(server.fetch);
    await clientOf(connect(LEGACY_URL, wire.fetch)).close({ endSessions: true });
    const client = clientOf(connect(LEGACY_URL, wire.fetch));
    await client.session("server");
    await client.close();
    expect(deletes(wire)).toEqual([]);
  });
});

test("TaskClient.close({ endSessions: true }) waits 5 s for a server that does not answer the DELETE", async () => {
  const server = new StreamingServer();
  const late = new AbortController();
  const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(late.signal);
  closers.push(() => timeout.mockRestore());
  let asked = false;
  const fetch: Fetch = (url, init) => {
    if (init?.method !== "DELETE") return server.fetch(url, init);
    asked = true;
    return new Promise((_resolve, reject) => {
      init.signal?.addEventListener("abort", () => reject(init.signal?.reason));
    });
  };
  const client = clientOf(fromUrlHttp(STREAMING_URL, { fetch, era: "2025-11-25" }));
  await client.session("server");
  const closing = client.close({ endSessions: true });
  await until("the DELETE", () => asked);
  expect(timeout).toHaveBeenCalledExactlyOnceWith(5_000);
  late.abort();
  await closing;
});
