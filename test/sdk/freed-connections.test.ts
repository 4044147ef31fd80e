import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterEach, describe, expect, it } from "vitest";
import type { Connector } from "../../src/channel/connection.ts";
import { fromUrl as fromUrlHttp } from "../../src/channel/http.ts";
import { fromClient as fromClientV1, fromUrl as fromUrlV1 } from "../../src/channel/sdk-v1.ts";
import { fromUrl as fromUrlV2 } from "../../src/channel/sdk-v2.ts";
import { timerHost } from "../../src/hosts/timer-host.ts";
import { type Task, TaskClient } from "../../src/index.ts";
import { RELATED_TASK } from "../../src/protocol/session.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { type Answers, BareServer, DONE, type Exchange, wireTask } from "./bare-server.ts";
import type { ServedResponse } from "./loopback.ts";
import { until } from "./until.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function connectedClient(url: string): Promise<Connector> {
  const client = new ClientV1({ name: "app", version: "1" });
  // The SDK's own types disagree under exactOptionalPropertyTypes.
  await client.connect(new TransportV1(new URL(url)) as Parameters<ClientV1["connect"]>[0]);
  closing.push(() => client.close());
  return fromClientV1(client);
}

/** Its POSTs without a reply are the Client's transport's affair. */
const FROM_CLIENT = "2025-11-25 on fromClient of the v1 SDK";

type Way = readonly [string, "2025-11-25" | "2026-07-28", (url: string) => Connector | Promise<Connector>];
const LEGACY: readonly Way[] = [
  ["2025-11-25 on fromUrl of the v1 SDK", "2025-11-25", (url) => fromUrlV1(url)],
  [FROM_CLIENT, "2025-11-25", connectedClient],
  ["2025-11-25 on fromUrl of the v2 SDK", "2025-11-25", (url) => fromUrlV2(url)],
  ["2025-11-25 on fromUrl without an SDK", "2025-11-25", (url) => fromUrlHttp(url)],
];
const WAYS: readonly Way[] = [
  ...LEGACY,
  ["2026-07-28", "2026-07-28", (url) => fromUrlV2(url)],
  ["2026-07-28 without an SDK", "2026-07-28", (url) => fromUrlHttp(url)],
];

async function lab([, generation, connector]: Way, answers: Answers, requestTimeoutMs = 60_000) {
  const server = await BareServer.start(generation, answers);
  closing.push(() => server.close());
  const client = new TaskClient({
    store: memoryStore(),
    endpoints: { lab: await connector(server.url) },
    host: timerHost(),
    push: false,
    requestTimeoutMs,
    timing: { backoffMs: 20, maxBackoffMs: 50 },
  });
  closing.push(() => client.close());
  return { server, client };
}

/** The exchanges of a method whose connection is still taken. */
const open = (server: BareServer, method: string): readonly Exchange[] =>
  server.of(method).filter(({ response }) => !response.closed);

describe.each(WAYS)("%s: a request frees its connection", (...way) => {
  const [, generation] = way;
  const handle = (): object =>
    generation === "2025-11-25"
      ? { task: wireTask("task-1", "working") }
      : { resultType: "task", ...wireTask("task-1", "working") };

  it("when its reply is in, though the server leaves the stream open", async () => {
    const { server, client } = await lab(way, {
      "tools/call": () => ({ ...handle() }),
      "tasks/get": ({ id, stream }) => {
        stream({ id, result: { resultType: "complete", ...wireTask("task-1", "working") } });
        return undefined;
      },
    });
    await client.callTool("lab", "slow");
    const polls = await until(
      "ten polls",
      () => server.of("tasks/get").length >= 10 && server.of("tasks/get"),
    );
    await until("their ends", () => polls.slice(0, 9).every(({ response }) => response.closed));
    expect(open(server, "tasks/get").length).toBeLessThan(5);
  });

  it("when it times out, though the server has begun to answer", async () => {
    const { server, client } = await lab(
      way,
      {
        "tools/call": () => ({ ...handle() }),
        "tasks/get": ({ response }) => {
          response.writeHead(200, { "content-type": "application/json" }).write('{"jsonrpc":"2.0",');
          return undefined;
        },
      },
      300,
    );
    await until("the call", () =>
      client.callTool("lab", "slow").then(
        () => true,
        () => true,
      ),
    );
    const polls = await until(
      "four polls",
      () => server.of("tasks/get").length >= 4 && server.of("tasks/get"),
    );
    await until("their ends", () => polls.slice(0, 3).every(({ response }) => response.closed));
  });
});

describe.each(LEGACY)("%s: streams of tasks/result that wait for questions", (...way) => {
  const [name] = way;
  it("are few, and end when the question is known: ten tasks ask and are answered", async () => {
    const ended = new Set<string>();
    const answers: ServedResponse[] = [];
    let count = 0;
    let most = 0;
    const taskOf = ({ params }: Exchange): string => String(params.taskId);
    const { server, client } = await lab(way, {
      "tools/call": () => ({ task: wireTask(`task-${++count}`, "working") }),
      "tasks/get": (exchange) =>
        wireTask(taskOf(exchange), ended.has(taskOf(exchange)) ? "completed" : "input_required"),
      "tasks/result": (exchange) => {
        const taskId = taskOf(exchange);
        if (ended.has(taskId)) return DONE;
        const params = { message: "?", requestedSchema: { type: "object", properties: {} } };
        exchange.stream({
          id: `${taskId}/question`,
          method: "elicitation/create",
          params: { ...params, _meta: { [RELATED_TASK]: { taskId } } },
        });
        most = Math.max(most, open(server, "tasks/result").length);
        return undefined;
      },
    });
    server.intercept = ({ body, response }) => {
      const answered = /"id":"([^/]+)\/question"/.exec(body)?.[1];
      if (answered === undefined) return false;
      ended.add(answered);
      // Left open: nothing is awaited in it.
      response.writeHead(200, { "content-type": "text/event-stream" }).write(": taken\n\n");
      answers.push(response);
      return true;
    };
    const tasks: Task[] = [];
    for (let i = 0; i < 10; i++) tasks.push(await client.callTool("lab", "slow"));
    await until("all questions", () => tasks.every((task) => task.view.inputRequests.length === 1));
    await until("the ends of their streams", () => open(server, "tasks/result").length === 0);
    // The server sees the end of a stream a little later than the client that ended it.
    expect(most).toBeLessThan(5);
    for (const task of tasks)
      await task.answer(task.view.inputRequests[0]?.key ?? "", { action: "accept", content: {} });
    await Promise.all(tasks.map((task) => task.result()));
    if (name !== FROM_CLIENT)
      await until("the ends of the answers", () => answers.every(({ closed }) => closed));
  });
});

it.each(LEGACY)(
  "%s: a notification that the server never takes frees its connection at its timeout",
  async (...way) => {
    const silent = (): undefined => undefined;
    const { server, client } = await lab(
      way,
      { "tools/call": silent, "notifications/cancelled": silent },
      2_000,
    );
    const app = new AbortController();
    const params = { name: "plain", arguments: {} };
    const call = client.request("lab", "tools/call", params, { signal: app.signal });
    const rejected = expect(call).rejects.toThrow();
    await until("the call", () => server.of("tools/call")[0]);
    app.abort();
    await rejected;
    const [notification] = server.of("notifications/cancelled");
    await until("its end", () => notification?.response.closed);
  },
);
