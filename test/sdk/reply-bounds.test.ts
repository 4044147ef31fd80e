import { expect, it } from "vitest";
import { fromUrl } from "../../src/channel/http.ts";
import { MAX_REPLY } from "../../src/protocol/bounds.ts";
import { type Answer, DONE, wireTask } from "./bare-server.ts";
import { clientOf, serverOf } from "./quirks.ts";

const MIB = 2 ** 20;
const LETTERS = "a".repeat(MIB);
const TOO_LONG = `longer than ${MAX_REPLY} characters`;

/** Answers with a body that has this beginning, is longer than a reply may be, and does not end. */
function endless(status: number, type: string, beginning: string): Answer {
  return ({ response }) => {
    response.writeHead(status, { "content-type": type });
    response.write(beginning);
    for (let sent = 0; sent <= MAX_REPLY / MIB; sent++) response.write(LETTERS);
    return undefined;
  };
}

it.each([
  ["a reply as JSON", 200, "application/json", '{"jsonrpc":"2.0","id":1,"result":"', TOO_LONG],
  ["an event of a response stream", 200, "text/event-stream", "data: ", TOO_LONG],
  ["the page of an error", 500, "text/html", "<p>", "HTTP 500"],
])(
  "%s that never ends is read to a bound, and the call fails",
  async (_what, status, type, beginning, said) => {
    const server = await serverOf({ "tools/call": endless(status, type, beginning) });
    const call = clientOf(fromUrl(server.url), { push: false }).callTool("server", "plain");
    await expect(call).rejects.toThrow(said);
  },
);

it("a task whose result is too long to read ends with that reason", async () => {
  const server = await serverOf({
    "tools/call": () => ({ task: wireTask("task-1", "working") }),
    "tasks/get": () => wireTask("task-1", "completed"),
    "tasks/result": endless(200, "application/json", "["),
  });
  const timing = { backoffMs: 10, maxBackoffMs: 20 };
  const task = await clientOf(fromUrl(server.url), { push: false, timing }).callTool("server", "slow");
  await expect(task.result()).rejects.toThrow(TOO_LONG);
});

it("events that are long together are all read", async () => {
  const note = JSON.stringify({ jsonrpc: "2.0", method: "notifications/message", params: { data: LETTERS } });
  const server = await serverOf({
    "tools/call": ({ id, response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (let sent = 0; sent <= MAX_REPLY / MIB; sent++) response.write(`data: ${note}\n\n`);
      response.end(`data: ${JSON.stringify({ jsonrpc: "2.0", id, result: DONE })}\n\n`);
      return undefined;
    },
  });
  const task = await clientOf(fromUrl(server.url), { push: false }).callTool("server", "plain");
  expect(await task.result()).toMatchObject(DONE);
});
