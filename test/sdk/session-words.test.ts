import { describe, expect, test } from "vitest";
import { type Answer, DONE, type Exchange } from "./bare-server.ts";
import { CONNECTORS, clientOf, serverOf } from "./quirks.ts";

type Refusal = (exchange: Exchange) => void;

const refusal =
  (status: number, id: "own" | null, code: number, message: string): Refusal =>
  (exchange) => {
    const body = { jsonrpc: "2.0", id: id === "own" ? exchange.id : null, error: { code, message } };
    exchange.response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };

const initialize =
  (session: () => string): Answer =>
  ({ response }) => {
    response.setHeader("mcp-session-id", session());
    return { protocolVersion: "2025-11-25", capabilities: { tools: {} } };
  };

describe.each(CONNECTORS)("%s", (_name, connect) => {
  test.each<[string, Refusal]>([
    ["404", ({ response }) => void response.writeHead(404).end()],
    ["400 without an id", refusal(400, null, -32000, "Bad Request: No valid session ID provided")],
    ["400 with the request's id", refusal(400, "own", -32000, "Bad Request: No valid session ID provided")],
    [
      "400 that says Server not initialized",
      refusal(400, null, -32000, "Bad Request: Server not initialized"),
    ],
    ["410 in plain words", ({ response }) => void response.writeHead(410).end("The session has expired")],
    ["an error in a 200", refusal(200, "own", -32001, "Session not found")],
    ["an error in a 500", refusal(500, null, -32603, "Unknown session")],
    [
      "an error in a 200 before initialization",
      refusal(200, "own", -32002, "Received request before initialization was complete"),
    ],
  ])("a session lost with %s is renewed once, and the call made in the new one", async (_what, refuse) => {
    let session = "s1";
    const made: unknown[] = [];
    const guarded =
      (answer: Answer): Answer =>
      (exchange) => {
        if (exchange.http.headers["mcp-session-id"] === session) return answer(exchange);
        refuse(exchange);
        return undefined;
      };
    const server = await serverOf({
      initialize: initialize(() => session),
      ping: guarded(() => ({})),
      "tools/call": guarded(({ http }) => {
        made.push(http.headers["mcp-session-id"]);
        return DONE;
      }),
    });
    const client = clientOf(connect(server.url), { timing: { backoffMs: 20, maxBackoffMs: 20 } });
    await client.callTool("server", "plain");
    session = "s2";
    expect(await (await client.callTool("server", "plain")).result()).toEqual(DONE);
    expect(made).toEqual(["s1", "s2"]);
    expect(server.of("initialize")).toHaveLength(2);
    expect((await client.rememberedSession("server"))?.sessionId).toBe("s2");
  });

  test("a tool that speaks of a session of its own is called once", async () => {
    const server = await serverOf({
      ping: () => ({}),
      "tools/call": (exchange) => {
        refusal(200, "own", -32001, "Session not found: no browser is open")(exchange);
        return undefined;
      },
    });
    await expect(clientOf(connect(server.url)).callTool("server", "plain")).rejects.toThrow(
      "no browser is open",
    );
    expect(server.of("tools/call")).toHaveLength(1);
    expect(server.of("initialize")).toHaveLength(1);
  });

  test("a session that is refused for ever is renewed once a request", async () => {
    const server = await serverOf({
      "tools/call": (exchange) => {
        refusal(400, null, -32000, "Bad Request: Server not initialized")(exchange);
        return undefined;
      },
    });
    const call = clientOf(connect(server.url)).callTool("server", "plain", {}, { prefer: "plain" });
    await expect(call).rejects.toThrow("Server not initialized");
    expect(server.of("tools/call").length).toBeLessThanOrEqual(4);
  });

  test("a session id that a reply replaces is used from then on, and remembered", async () => {
    let count = 0;
    const server = await serverOf({
      "tools/call": ({ response }) => {
        response.setHeader("mcp-session-id", `turn-${++count}`);
        return DONE;
      },
    });
    const client = clientOf(connect(server.url));
    await client.callTool("server", "plain");
    await client.callTool("server", "plain");
    const ids = server.of("tools/call").map(({ http }) => http.headers["mcp-session-id"]);
    expect(ids).toEqual(["session-1", "turn-1"]);
    expect((await client.rememberedSession("server"))?.sessionId).toBe("turn-2");
  });
});
