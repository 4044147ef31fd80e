import { describe, expect, test } from "vitest";
import { type Answers, DONE, type Exchange } from "./bare-server.ts";
import { CONNECTORS, clientOf, serverOf } from "./quirks.ts";

const initialized =
  (protocolVersion: unknown): Answers["initialize"] =>
  () => ({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "old", version: "1" } });

/** Answers as a server that takes only integer ids, each by the manner given. */
function integersOnly(refuse: (exchange: Exchange) => object): Answers {
  const methods = ["server/discover", "initialize", "tools/list", "tools/call"];
  const results: Record<string, () => object> = {
    initialize: () => ({ protocolVersion: "2025-11-25", capabilities: { tools: {} } }),
    "tools/list": () => ({ tools: [{ name: "plain", inputSchema: { type: "object" } }] }),
    "tools/call": () => DONE,
  };
  const answer = (exchange: Exchange): undefined => {
    const { id, method = "", response } = exchange;
    const result = results[method]?.();
    const error = { code: -32601, message: "Method not found" };
    const body = Number.isInteger(id)
      ? { jsonrpc: "2.0", id, ...(result ? { result } : { error }) }
      : refuse(exchange);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  return Object.fromEntries(methods.map((method) => [method, answer]));
}

describe.each(CONNECTORS)("%s", (_name, connect) => {
  test.each(["2025-06-18", "2025-03-26", "2024-11-05", "2024-10-07"])(
    "a server that answers initialize with %s is served, and its tools are plain",
    async (version) => {
      const server = await serverOf({ initialize: initialized(version), "tools/call": () => DONE });
      const client = clientOf(connect(server.url));
      const task = await client.callTool("server", "slow");
      expect(await task.result()).toEqual(DONE);
      expect(task.view.taskId).toBeUndefined();
      expect((await client.session("server")).protocolVersion).toBe(version);
      expect(server.of("tools/call")[0]?.params).not.toHaveProperty("task");
    },
  );

  test.each([["2099-01-01"], [undefined], [7]])(
    "a server that answers initialize with the version %j fails at once, in words",
    async (version) => {
      const server = await serverOf({ initialize: initialized(version) });
      const failure = await clientOf(connect(server.url))
        .session("server")
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({ method: "initialize", failure: { kind: "malformed" } });
      expect(String(failure)).toMatch(/names (no )?protocol version.*this connector speaks 2025-11-25/);
    },
  );

  test.each<[string, (exchange: Exchange) => object]>([
    [
      "an error without an id",
      () => ({ jsonrpc: "2.0", id: null, error: { code: -32602, message: "id must be an integer" } }),
    ],
    ["a result under id 0", () => ({ jsonrpc: "2.0", id: 0, result: {} })],
  ])("a server that answers ids other than integers with %s sees none", async (_what, refuse) => {
    const server = await serverOf(integersOnly(refuse));
    const task = await clientOf(connect(server.url)).callTool("server", "plain");
    expect(await task.result()).toEqual(DONE);
    const ids = server.seen.flatMap(({ id }) => (id === undefined ? [] : [id]));
    expect(ids.length).toBeGreaterThan(2);
    expect(ids.every((id) => Number.isInteger(id) && Number(id) > 2 ** 30 && Number(id) < 2 ** 31)).toBe(
      true,
    );
  });

  test("a server that sends ids back as strings is understood", async () => {
    const server = await serverOf({
      "tools/call": ({ id, response }) => {
        const body = JSON.stringify({ jsonrpc: "2.0", id: String(id), result: DONE });
        response.writeHead(200, { "content-type": "application/json" }).end(body);
        return undefined;
      },
    });
    expect(await (await clientOf(connect(server.url)).callTool("server", "plain")).result()).toEqual(DONE);
  });

  test.each<[string, Answers[string]]>([
    ["refuses", ({ response }) => void response.writeHead(400).end("Unknown notification")],
    ["never answers", () => undefined],
  ])("a server that %s notifications/initialized is served", async (_what, answer) => {
    const server = await serverOf({
      "notifications/initialized": answer as Answers[string],
      "tools/call": () => DONE,
    });
    const client = clientOf(connect(server.url, { timeoutMs: 300 }));
    expect(await (await client.callTool("server", "plain")).result()).toEqual(DONE);
  });
});
