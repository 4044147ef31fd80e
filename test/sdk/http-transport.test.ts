import { describe, expect, it, test } from "vitest";
import { fromUrl, type HttpOptions } from "../../src/channel/http.ts";
import { type Answer, type BareServer, DONE, wireTask } from "./bare-server.ts";
import type { ServedResponse } from "./loopback.ts";
import { CONNECTORS, clientOf, serverOf } from "./quirks.ts";

const text = (said: string) => ({ content: [{ type: "text", text: said }] });
const sse = (body: object, id?: string): string =>
  `${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify({ jsonrpc: "2.0", ...body })}\n\n`;

/** Answers the GET that asks for a stream of the server's own, or for the rest of a broken one. */
const streams = (answer: Answer) => ({ GET: answer });

describe.each(CONNECTORS)("a response stream that breaks, %s", (_name, connect) => {
  test("is resumed after its last event, and replays of earlier replies on it are not taken", async () => {
    const log: string[] = [];
    const resumedAfter: unknown[] = [];
    let open = true;
    const server = await serverOf({
      "tools/call": ({ id, response, params }) => {
        const reply = { id, result: text(String((params.arguments as { n: number }).n)) };
        log.push(sse(reply, `event-${log.length}`));
        if (open)
          return void response.writeHead(200, { "content-type": "text/event-stream" }).end(log.at(-1));
        response.writeHead(200, { "content-type": "text/event-stream" });
        return void response.end("id: begun\nretry: 1\ndata:\n\n");
      },
      ...streams(({ http, response }) => {
        const after = http.headers["last-event-id"];
        if (after === undefined) return void response.writeHead(405).end();
        resumedAfter.push(after);
        // As the event store of server-everything: everything of the session, in its order.
        response.writeHead(200, { "content-type": "text/event-stream" });
        return void response.end(log.join(""));
      }),
    });
    const client = clientOf(connect(server.url), { push: false });
    const ask = async (n: number) =>
      (await (await client.callTool("server", "plain", { n })).result()).content[0];
    expect(await ask(1)).toMatchObject({ text: "1" });
    open = false;
    expect(await ask(2)).toMatchObject({ text: "2" });
    expect(resumedAfter).toEqual(["begun"]);
  });
});

describe.each(CONNECTORS)("replies that change places on their way, %s", (_name, connect) => {
  test("reach the calls that their ids name, also when a stream ends before its own reply came elsewhere", async () => {
    const calls: { readonly id: unknown; readonly n: number; readonly response: ServedResponse }[] = [];
    const server = await serverOf({
      "tools/call": ({ id, response, params }) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        const { n } = params.arguments as { n: number };
        response.write(`id: begun-${n}\ndata:\n\n`);
        calls.push({ id, n, response });
        const [one, two] = calls;
        if (!one || !two) return;
        one.response.end(sse({ id: two.id, result: text(`of ${two.n}`) }, "two"));
        two.response.write(sse({ method: "notifications/message", params: { level: "info", data: "…" } }));
      },
      ...streams(({ http, response }) => {
        if (http.headers["last-event-id"] === undefined) return void response.writeHead(405).end();
        const [one, two] = calls;
        two?.response.end(sse({ id: one?.id, result: text(`of ${one?.n}`) }, "one"));
        // Nothing more comes on the stream that was resumed.
        response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      }),
    });
    const client = clientOf(connect(server.url), { push: false });
    const ask = async (n: number) =>
      (await (await client.callTool("server", "plain", { n })).result()).content[0];
    expect(await Promise.all([ask(1), ask(2)])).toMatchObject([{ text: "of 1" }, { text: "of 2" }]);
    expect(calls).toHaveLength(2);
  });
});

/** A client over `holdfast/http`, with what the server saw. */
const papers = (server: BareServer, options: HttpOptions = {}) => clientOf(fromUrl(server.url, options));

describe("fromUrl of holdfast/http", () => {
  it("resumes a stream as often as it breaks with news, and says how long it waits at least", async () => {
    const at: number[] = [];
    const server = await serverOf({
      "tools/call": ({ response }) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        return void response.end("id: 0\nretry: 1\ndata:\n\n");
      },
      ...streams(({ http, response }) => {
        const after = Number(http.headers["last-event-id"]);
        if (Number.isNaN(after)) return void response.writeHead(405).end();
        at.push(performance.now());
        response.writeHead(200, { "content-type": "text/event-stream" });
        const id = server.of("tools/call")[0]?.id;
        return void response.end(after < 3 ? `id: ${after + 1}\ndata:\n\n` : sse({ id, result: DONE }, "4"));
      }),
    });
    const task = await papers(server).callTool("server", "plain");
    expect(await task.result()).toEqual(DONE);
    expect(at).toHaveLength(4);
    for (const [index, time] of at.slice(1).entries())
      expect(time - (at[index] as number)).toBeGreaterThan(450);
  });

  it("fails a call at once if the server cannot resume its stream", async () => {
    const server = await serverOf({
      "tools/call": ({ response }) =>
        void response.writeHead(200, { "content-type": "text/event-stream" }).end("id: 0\ndata:\n\n"),
      ...streams(({ response }) => void response.writeHead(400).end()),
    });
    await expect(papers(server).callTool("server", "plain")).rejects.toThrow(
      "could not be resumed (HTTP 400)",
    );
  });

  it("sends the headers that 2026-07-28 requires, and encodes a name that is not plain", async () => {
    const server = await serverOf(
      {
        "tools/call": () => ({ resultType: "task", ...wireTask("aufgabe-ä", "working") }),
        "tasks/get": () => ({
          resultType: "complete",
          ...wireTask("aufgabe-ä", "completed", { result: { resultType: "complete", ...DONE } }),
        }),
      },
      "2026-07-28",
    );
    const task = await papers(server, { requestInit: { headers: { "x-team": "kelp" } } }).callTool(
      "server",
      "slow",
    );
    expect(await task.result()).toMatchObject(DONE);
    const headersOf = (method: string) => server.of(method)[0]?.http.headers;
    expect(headersOf("tools/call")).toMatchObject({
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "slow",
      "x-team": "kelp",
    });
    expect(headersOf("tasks/get")).toMatchObject({
      "mcp-method": "tasks/get",
      "mcp-name": "=?base64?YXVmZ2FiZS3DpA==?=",
    });
    expect(headersOf("tools/call")).not.toHaveProperty("mcp-session-id");
  });

  it("asks the token function before each request, and once more after a 401", async () => {
    let valid = "token-1";
    const server = await serverOf({ "tools/call": () => DONE });
    server.intercept = ({ http, response }) => {
      if (http.headers.authorization === `Bearer ${valid}`) return false;
      response.writeHead(401, { "www-authenticate": "Bearer" }).end();
      return true;
    };
    const given: string[] = [];
    let renewed = false;
    const authorization = (): string => {
      const token = renewed ? "token-2" : "token-1";
      // The app renews its token as soon as somebody asks for it again.
      if (valid === "token-2") renewed = true;
      given.push(token);
      return token;
    };
    const client = papers(server, { authorization });
    await client.listTools("server");
    valid = "token-2";
    given.length = 0;
    expect(await (await client.callTool("server", "plain")).result()).toEqual(DONE);
    expect(given[0]).toBe("token-1");
    expect(given.at(-1)).toBe("token-2");
    valid = "token-3";
    await expect(client.callTool("server", "plain")).rejects.toThrow("Sign in");
  });

  it("takes a reply that comes on the server's own stream after a 202", async () => {
    const server = await serverOf({
      "tools/call": (({ id, response }) => {
        response.writeHead(202).end();
        for (const stream of server.streams) stream.write(sse({ id, result: DONE }));
      }) as Answer,
    });
    expect(await (await papers(server).callTool("server", "plain")).result()).toEqual(DONE);
  });
});
