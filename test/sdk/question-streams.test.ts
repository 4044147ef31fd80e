import { afterEach, describe, expect, test } from "vitest";
import { fromUrl as fromUrlHttp } from "../../src/channel/http.ts";
import { fromUrl as fromUrlV1 } from "../../src/channel/sdk-v1.ts";
import { type Connector, fromUrl as fromUrlV2 } from "../../src/channel/sdk-v2.ts";
import { timerHost } from "../../src/hosts/timer-host.ts";
import { type Task, TaskClient } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { type AppClient, type MakeAppClient, v1Client, v2Client } from "./app-client.ts";
import { STREAMING_URL, StreamingServer } from "./streaming-server.ts";
import { until } from "./until.ts";
import type { Fetch } from "./wire.ts";

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function clientOf(connector: Connector): { client: TaskClient; tasks: Task[] } {
  const client = new TaskClient({
    store: memoryStore(),
    endpoints: { server: connector },
    host: timerHost(),
  });
  closers.push(() => client.close());
  const tasks: Task[] = [];
  client.subscribe((task) => void (tasks.includes(task) || tasks.push(task)));
  return { client, tasks };
}

const messages = (task: Task | undefined): unknown[] =>
  (task?.view.inputRequests ?? []).map(({ params }) => params.message);
const accept = { action: "accept", content: {} };

/** Starts a call whose end the test does not wait for. */
function call(client: TaskClient, tool: string, args: object = {}): void {
  client.callTool("server", tool, { ...args }).catch(() => undefined);
}

const MAJORS: readonly [string, (fetch: Fetch) => Connector][] = [
  ["v1", (fetch) => fromUrlV1(STREAMING_URL, { fetch })],
  ["v2", (fetch) => fromUrlV2(STREAMING_URL, { fetch, era: "2025-11-25" })],
  ["no SDK", (fetch) => fromUrlHttp(STREAMING_URL, { fetch, era: "2025-11-25" })],
];

describe.each(MAJORS)("a question without the related-task tag, over fromUrl of %s", (_major, connect) => {
  test("is asked of the plain call on whose response stream it came", async () => {
    const server = new StreamingServer();
    const { client, tasks } = clientOf(connect(server.fetch));
    for (const n of [1, 2, 3]) call(client, "plain", { n });
    await until("three calls", () => server.calls.length === 3);
    for (const [index, stream] of server.calls.entries()) stream.ask(index, `Of call ${String(index)}`);
    const asked = await until("three questions", () => {
      const asking = tasks.filter((task) => task.view.inputRequests.length > 0);
      return asking.length === 3 && asking;
    });
    for (const task of asked) {
      const index = server.calls.findIndex(
        ({ params }) => JSON.stringify(params.arguments) === JSON.stringify(task.view.arguments),
      );
      expect(messages(task)).toEqual([`Of call ${String(index)}`]);
    }
    expect(server.answers).toEqual([]);
  });

  test("is asked of the task on whose tasks/result stream it came", async () => {
    const server = new StreamingServer();
    server.taskStatus = "input_required";
    const { client } = clientOf(connect(server.fetch));
    const tasks: Task[] = [];
    for (const n of [0, 1]) {
      const calling = client.callTool("server", "slow", { n });
      (await until("the call", () => server.calls[n])).reply({ task: server.task(`task-${n}`) });
      tasks.push(await calling);
    }
    await until("both listen", () => server.results.length >= 2);
    for (const stream of server.results) {
      const taskId = String(stream.params.taskId);
      stream.ask(taskId, `Of ${taskId}`);
    }
    await until("two questions", () =>
      tasks.every(({ view: { inputRequests } }) => inputRequests.length > 0),
    );
    expect(tasks.map(messages)).toEqual([["Of task-0"], ["Of task-1"]]);
  });

  test("is asked of the one task that waits for input when it came on the session's own stream", async () => {
    const server = new StreamingServer();
    const { client } = clientOf(connect(server.fetch));
    const calling = client.callTool("server", "slow");
    (await until("the call", () => server.calls[0])).reply({ task: server.task("t") });
    const task = await calling;
    (await until("the session's stream", () => server.gets[0])).ask(7, "Colour?");
    await until("the question", () => task.view.inputRequests.length > 0);
    expect(messages(task)).toEqual(["Colour?"]);
  });

  test("that names its task before any reply does is asked once the reply names it, of several calls too", async () => {
    const server = new StreamingServer();
    server.taskStatus = "input_required";
    const { client, tasks } = clientOf(connect(server.fetch));
    for (const n of [0, 1]) call(client, "slow", { n });
    await until("two calls", () => server.calls.length === 2);
    (await until("the session's stream", () => server.gets[0])).ask(7, "Early?", "task-1");
    (await until("the session's stream", () => server.gets[0])).ask(8, "Nobody's?", "task-9");
    for (const [n, stream] of server.calls.entries()) stream.reply({ task: server.task(`task-${n}`) });
    await until("the question", () => tasks.some(({ view: { inputRequests } }) => inputRequests.length > 0));
    const asked = tasks.filter(({ view: { inputRequests } }) => inputRequests.length > 0);
    expect(asked.map(({ view: { taskId } }) => taskId)).toEqual(["task-1"]);
    expect(asked.map(messages)).toEqual([["Early?"]]);
    const [refusal] = await until("the refusal", () => server.answers.length > 0 && server.answers);
    expect(refusal).toMatchObject({ id: 8, error: { code: -32602 } });
  });

  test("is refused with what to do when it can belong to several", async () => {
    const server = new StreamingServer();
    const { client } = clientOf(connect(server.fetch));
    for (const n of [1, 2]) call(client, "plain", { n });
    await until("two calls", () => server.calls.length === 2);
    (await until("the session's stream", () => server.gets[0])).ask(7, "Whose?");
    const [refusal] = await until("the refusal", () => server.answers.length > 0 && server.answers);
    expect(refusal).toMatchObject({ id: 7, error: { code: -32602 } });
    expect(JSON.stringify(refusal)).toContain(
      "belongs to no call or task of this client: name the task in _meta",
    );
  });
});

describe.each(MAJORS)("a question that a new session repeats, over fromUrl of %s", (_major, connect) => {
  test("under the id of an answered one is asked anew, and answered in its own session", async () => {
    const server = new StreamingServer();
    server.taskStatus = "input_required";
    const { client } = clientOf(connect(server.fetch));
    const calling = client.callTool("server", "slow");
    (await until("the call", () => server.calls[0])).reply({ task: server.task("t") });
    const task = await calling;
    (await until("tasks/result", () => server.results[0])).ask(0, "First?", "t");
    await until("the first question", () => task.view.inputRequests[0]);
    await task.answer(task.view.inputRequests[0]?.key ?? "", accept);
    await until("the answer", () => server.answers.length === 1);
    // One that still waits for input is sent the answer once more.
    server.taskStatus = "working";
    server.results[0]?.fail("The server stops");
    server.sessionId = "s2";
    server.taskStatus = "input_required";
    (
      await until("tasks/result in the new session", () =>
        server.results.find(({ sessionId }) => sessionId === "s2"),
      )
    ).ask(0, "First?", "t");
    const second = await until("the second question", () => task.view.inputRequests[0]);
    expect(second.key, "a question of its own").toBe("rpc-0-2");
    await task.answer(second.key, accept);
    await until("the second answer", () => server.answers.length === 2);
    expect(server.answers.map(({ id }) => id)).toEqual([0, 0]);
  });

  test("is answered with what was given in the old one, which could not be sent any more", async () => {
    const server = new StreamingServer();
    server.taskStatus = "input_required";
    const { client } = clientOf(connect(server.fetch));
    const calling = client.callTool("server", "slow");
    (await until("the call", () => server.calls[0])).reply({ task: server.task("t") });
    const task = await calling;
    (await until("tasks/result", () => server.results[0])).ask(0, "Colour?", "t");
    const { key } = await until("the question", () => task.view.inputRequests[0]);
    server.sessionId = "s2";
    const session = async (): Promise<string | undefined> => (await client.session("server")).sessionId;
    let renewed: string | undefined;
    await until("the new session", () => {
      void session().then((sessionId) => {
        renewed = sessionId;
      });
      return renewed === "s2";
    });
    await task.answer(key, accept);
    server.results[0]?.fail("The server stops");
    const again = await until("tasks/result in the new session", () => server.results[1]);
    expect(server.answers).toEqual([]);
    again.ask(5, "Colour?", "t");
    await until("the answer", () => server.answers.length === 1);
    expect(server.answers).toMatchObject([{ id: 5, result: { action: "accept" } }]);
  });

  test("is answered with what was given when the answer found the old one over: one answer is refused", async () => {
    const server = new StreamingServer();
    server.taskStatus = "input_required";
    // No poll finds out before the answer does.
    server.pollInterval = 3_600_000;
    let refused = 0;
    const { client } = clientOf(
      connect(async (url, init) => {
        const response = await server.fetch(url, init);
        if (response.status === 404 && String(init?.body).includes('"result"')) refused++;
        return response;
      }),
    );
    const calling = client.callTool("server", "slow");
    (await until("the call", () => server.calls[0])).reply({ task: server.task("t") });
    const task = await calling;
    (await until("tasks/result", () => server.results[0])).ask(0, "Colour?", "t");
    const { key } = await until("the question", () => task.view.inputRequests[0]);
    server.sessionId = "s2";
    await task.answer(key, accept);
    const again = await until("tasks/result in the new session", () =>
      server.results.find(({ sessionId }) => sessionId === "s2"),
    );
    again.ask(5, "Colour?", "t");
    await until("the answer", () => server.answers.length === 1);
    expect(server.answers).toMatchObject([{ id: 5, result: { action: "accept" } }]);
    expect(refused).toBe(1);
  });
});

const CLIENTS: readonly [string, MakeAppClient][] = [
  ["v1", v1Client],
  ["v2", v2Client],
];

describe.each(CLIENTS)("a question on the transport of a %s Client", (_major, make) => {
  async function connected(server: StreamingServer): Promise<AppClient> {
    const client = make(STREAMING_URL, server.fetch);
    closers.push(() => client.close());
    await client.connect();
    return client;
  }

  test("is Holdfast's on the stream of its own call, and the Client's on that of the Client's", async () => {
    const server = new StreamingServer();
    const app = await connected(server);
    const { client, tasks } = clientOf(app.connector);
    call(client, "plain", { n: 1 });
    const ours = await until("our call", () => server.calls[0]);
    app.callTool("plain", { n: 2 }).catch(() => undefined);
    const theirs = await until("the Client's call", () => server.calls[1]);
    theirs.ask(1, "Of the Client");
    ours.ask(2, "Of Holdfast");
    await until("Holdfast's question", () => tasks[0]?.view.inputRequests.length);
    await until("the Client's question", () => app.asked.length > 0);
    expect(messages(tasks[0])).toEqual(["Of Holdfast"]);
    expect(app.asked).toEqual(["Of the Client"]);
  });
});
