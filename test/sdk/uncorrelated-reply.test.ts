import { describe, expect, test } from "vitest";
import { type Answer, DONE } from "./bare-server.ts";
import { CONNECTORS, clientOf, serverOf } from "./quirks.ts";
import { until } from "./until.ts";

const ERROR = { code: -32603, message: "The index is being rebuilt" };

const json =
  (body: unknown, type = "application/json"): Answer =>
  ({ response }) =>
    void response
      .writeHead(200, { "content-type": type })
      .end(typeof body === "string" ? body : JSON.stringify(body));

/** An event stream that the server leaves open after these events. */
const events =
  (...texts: readonly string[]): Answer =>
  ({ response }) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const text of texts) response.write(`event: message\ndata: ${text}\n\n`);
    return undefined;
  };

/** An event stream that ends after this text. */
const ended =
  (text: string): Answer =>
  ({ response }) =>
    void response.writeHead(200, { "content-type": "text/event-stream" }).end(text);

const FOREIGN = { jsonrpc: "2.0", id: "server-error", error: ERROR };
const RESULT = `"result":${JSON.stringify(DONE)}`;

const NO_STREAM = { GET: (({ response }) => void response.writeHead(405).end()) as Answer };

describe.each(CONNECTORS)("%s", (_name, connect) => {
  test.each<[string, Answer]>([
    ["JSON under another id", json(FOREIGN)],
    ["JSON without an id", json({ jsonrpc: "2.0", error: ERROR })],
    ["JSON of another content type", json(FOREIGN, "text/plain")],
    ["an array of one", json([FOREIGN])],
    ["an event under another id", events(JSON.stringify(FOREIGN))],
    ["an event with the id null", events(JSON.stringify({ ...FOREIGN, id: null }))],
  ])("an error that comes as %s is the reply to its request, at once", async (_what, answer) => {
    const server = await serverOf({ "tools/call": answer });
    const call = clientOf(connect(server.url)).callTool("server", "plain");
    await expect(call).rejects.toThrow("The index is being rebuilt (-32603)");
  });

  test.each<[string, Answer]>([
    ["with error null beside it", events(`{"jsonrpc":"2.0","id":1,${RESULT},"error":null}`)],
    ["without jsonrpc", json(`{"id":1,${RESULT}}`)],
    [
      "after a notification and a line that is not JSON",
      events('{"jsonrpc":"2.0","method":"notifications/x"}', "tick", `{"jsonrpc":"2.0","id":"x",${RESULT}}`),
    ],
    [
      "after events that are neither a request nor a reply",
      events('{"jsonrpc":"2.0"}', "null", "[]", '{"jsonrpc":"2.0","method":5}', `{"id":1,${RESULT}}`),
    ],
    ["in an event without a blank line at its end", ended(`data: {"jsonrpc":"2.0","id":1,${RESULT}}\n`)],
    ["in an event without a line's end", ended(`: hello\n\ndata: {"jsonrpc":"2.0","id":1,${RESULT}}`)],
    ["in an event of another name", ended(`event: response\ndata: {"jsonrpc":"2.0","id":1,${RESULT}}\n\n`)],
    [
      "with status 202",
      ({ response }) => void response.writeHead(202).end(`{"jsonrpc":"2.0","id":1,${RESULT}}`),
    ],
  ])("a result %s is taken", async (_what, answer) => {
    const server = await serverOf({ "tools/call": answer });
    const task = await clientOf(connect(server.url)).callTool("server", "plain");
    expect(await task.result()).toEqual(DONE);
  });

  test.each<[string, Answer]>([
    ["a page of HTML", json("<!doctype html><title>Welcome</title><p>Hello", "text/html")],
    ["half of its JSON", json('{"jsonrpc":"2.0","id":7,"result":{"content"')],
    ["JSON that holds neither result nor error", json('{"jsonrpc":"2.0","id":7}')],
    ["an event that is half of its JSON", events('{"jsonrpc":"2.0","id":7,"result":{"content"')],
    ["nothing", json("")],
  ])("a reply that is %s is said to be unreadable, or empty, at once", async (what, answer) => {
    const server = await serverOf({ "tools/call": answer });
    const failure = await clientOf(connect(server.url))
      .callTool("server", "plain")
      .catch((error: unknown) => error);
    expect(String(failure)).toContain(what === "nothing" ? "The reply is empty" : "unreadable");
    expect(String(failure)).not.toMatch(/invalid_union|Unrecognized|doctype/);
  });

  test("a stream that ends without a reply or within it, and a 202, are reported at once", async () => {
    const answers: Answer[] = [
      ({ response }) =>
        void response.writeHead(200, { "content-type": "text/event-stream" }).end(": hello\n\n"),
      ended('data: {"jsonrpc":"2.0","id":1,"result":{"content"'),
      ({ response }) => void response.writeHead(202).end(),
    ];
    const server = await serverOf({
      "tools/call": (exchange) => answers.shift()?.(exchange),
      ...NO_STREAM,
    });
    const client = clientOf(connect(server.url), { push: false });
    await expect(client.callTool("server", "plain")).rejects.toThrow("ended without a response");
    await expect(client.callTool("server", "plain")).rejects.toThrow("ended without a response");
    await expect(client.callTool("server", "plain")).rejects.toThrow("HTTP 202 without a reply");
  });

  test("a reply that comes on the stream of another request reaches the one whose id it carries", async () => {
    const waiting: unknown[] = [];
    const server = await serverOf({
      "tools/call": ({ id, response }) => {
        waiting.push(id);
        if (waiting.length === 1) return undefined;
        response.writeHead(200, { "content-type": "text/event-stream" });
        for (const [index, each] of waiting.entries()) {
          const result = { content: [{ type: "text", text: `call ${index}` }] };
          response.write(`data: ${JSON.stringify({ jsonrpc: "2.0", id: each, result })}\n\n`);
        }
        return undefined;
      },
    });
    const client = clientOf(connect(server.url));
    const first = client.callTool("server", "plain");
    await until("the first call", () => waiting.length === 1);
    const second = client.callTool("server", "plain");
    const texts = await Promise.all(
      [first, second].map(async (call) => (await (await call).result()).content[0]),
    );
    expect(texts).toMatchObject([{ text: "call 0" }, { text: "call 1" }]);
  });

  test("a response stream that the server leaves open is closed once the reply is in", async () => {
    let closed = false;
    const server = await serverOf({
      "tools/call": ({ id, response }) => {
        response.on("close", () => {
          closed = true;
        });
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(`data: ${JSON.stringify({ jsonrpc: "2.0", id, result: DONE })}\n\n`);
        return undefined;
      },
    });
    const task = await clientOf(connect(server.url)).callTool("server", "plain");
    expect(await task.result()).toEqual(DONE);
    await until("the end of the stream", () => closed);
  });
});
