import { describe, expect, it, test } from "vitest";
import { type Answer, DONE, wireTask } from "./bare-server.ts";
import { CONNECTORS, clientOf, serverOf } from "./quirks.ts";

const JSON_TYPE = "application/json";
const STREAM_TYPE = "text/event-stream";
const NOTE = JSON.stringify({
  jsonrpc: "2.0",
  method: "notifications/message",
  params: { level: "info", data: "…" },
});

/** Answers the call with a task, in a body of this type and form. */
const calledWith =
  (type: string, form: (message: string) => string): Answer =>
  ({ id, response }) => {
    const message = JSON.stringify({ jsonrpc: "2.0", id, result: { task: wireTask("task-1", "working") } });
    response.writeHead(200, { "content-type": type });
    return void response.end(form(message));
  };

describe.each(CONNECTORS)("the task in the reply to a call is not lost, %s", (_name, connect) => {
  it.each([
    [
      "an event stream whose type says JSON",
      JSON_TYPE,
      (message: string) => `event: message\ndata: ${message}\n\n`,
    ],
    ["a message on each line", JSON_TYPE, (message: string) => `${NOTE}\n${message}\n`],
    ["the same message twice", JSON_TYPE, (message: string) => `${message}\r\n${message}`],
    ["JSON whose type says event stream", STREAM_TYPE, (message: string) => message],
  ])("where the body is %s", async (_form, type, form) => {
    const server = await serverOf({
      "tools/call": calledWith(type, form),
      "tasks/get": () => wireTask("task-1", "completed"),
      "tasks/result": () => DONE,
    });
    const task = await clientOf(connect(server.url), { push: false }).callTool("server", "slow");
    expect(await task.result()).toMatchObject(DONE);
    expect(server.seen.filter(({ method }) => method === "tools/call")).toHaveLength(1);
  });
});

test.each(CONNECTORS)(
  "a response stream without a body has a failure that says so, %s",
  async (_name, connect) => {
    const server = await serverOf({
      "tools/call": ({ response }) => void response.writeHead(204, { "content-type": STREAM_TYPE }).end(),
    });
    const call = clientOf(connect(server.url), { push: false }).callTool("server", "plain");
    await expect(call).rejects.toThrow("HTTP 204 without a reply");
  },
);
