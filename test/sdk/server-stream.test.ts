import { afterEach, describe, expect, it } from "vitest";
import { fromUrl as fromUrlHttp } from "../../src/channel/http.ts";
import { fromUrl as fromUrlV1 } from "../../src/channel/sdk-v1.ts";
import { fromUrl as fromUrlV2 } from "../../src/channel/sdk-v2.ts";
import { timerHost } from "../../src/hosts/timer-host.ts";
import { TaskClient, type TaskClientOptions } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { type Answer, type Answers, BareServer, DONE, wireTask } from "./bare-server.ts";
import { until } from "./until.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const endAtOnce: Answer = ({ response }) => {
  response.writeHead(200, { "content-type": "text/event-stream" }).end("retry: 1\n\n: bye\n\n");
  return undefined;
};

describe.each([
  ["v1 SDK", fromUrlV1],
  ["v2 SDK", fromUrlV2],
  ["http entry", fromUrlHttp],
] as const)("the server's own stream (2025-11-25), fromUrl of the %s", (_name, fromUrl) => {
  async function lab(answers: Answers, options: Partial<TaskClientOptions> = {}) {
    const server = await BareServer.start("2025-11-25", answers);
    const endpoints = { lab: fromUrl(server.url) };
    const client = new TaskClient({ store: memoryStore(), endpoints, host: timerHost(), ...options });
    closing.push(
      () => server.close(),
      () => client.close(),
    );
    return { server, client };
  }

  it("is open while a task runs, and closes when the last task settles", async () => {
    let status = "working";
    const { server, client } = await lab({
      "tools/call": () => ({ task: wireTask("task-1", "working") }),
      "tasks/get": () => wireTask("task-1", status),
      "tasks/result": () => DONE,
    });
    const task = await client.callTool("lab", "slow");
    await until("the stream", () => server.streams.size === 1);
    await until("two polls", () => server.of("tasks/get").length > 2);
    expect(server.streams.size).toBe(1);
    status = "completed";
    await task.result();
    await until("the stream's end", () => server.streams.size === 0);
  });

  it("is open before a plain call leaves, and closes with it", async () => {
    let streams = 0;
    const { server, client } = await lab({
      "tools/call": () => {
        streams = server.streams.size;
        return DONE;
      },
    });
    await client.callTool("lab", "plain");
    expect(streams).toBe(1);
    await until("the stream's end", () => server.streams.size === 0);
  });

  it("is not opened where the app does not want to be pushed to", async () => {
    const { server, client } = await lab(
      {
        "tools/call": () => ({ task: wireTask("task-1", "working") }),
        "tasks/get": () => wireTask("task-1", server.of("tasks/get").length > 2 ? "completed" : "working"),
        "tasks/result": () => DONE,
      },
      { push: false },
    );
    await (await client.callTool("lab", "slow")).result();
    expect(server.seen.map(({ http }) => http.method)).not.toContain("GET");
  });

  it("is not opened for a list of tools: nothing runs", async () => {
    const { server, client } = await lab({});
    await client.listTools("lab");
    await client.session("lab");
    expect(server.seen.map(({ http }) => http.method)).not.toContain("GET");
  });

  it("is reopened seldom if the server ends it at once and asks for a reconnect after 1 ms", async () => {
    const { server, client } = await lab({
      GET: endAtOnce,
      "tools/call": () => ({ task: wireTask("task-1", "working") }),
      "tasks/get": () => wireTask("task-1", "working"),
    });
    const began = performance.now();
    await client.callTool("lab", "slow");
    await until("twenty polls", () => server.of("tasks/get").length >= 20);
    const seconds = (performance.now() - began) / 1_000;
    const opened = server.seen.filter(({ http }) => http.method === "GET").length;
    expect(opened).toBeGreaterThan(0);
    expect(opened).toBeLessThanOrEqual(1 + 2 * seconds);
  });
});
