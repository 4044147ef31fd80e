import { afterEach, describe, expect, test } from "vitest";
import { fromUrl as fromUrlHttp } from "../../src/channel/http.ts";
import { fromUrl as fromUrlV1 } from "../../src/channel/sdk-v1.ts";
import { type Connector, fromUrl as fromUrlV2 } from "../../src/channel/sdk-v2.ts";
import { timerHost } from "../../src/hosts/timer-host.ts";
import { type Task, TaskClient } from "../../src/index.ts";
import { RELATED_TASK } from "../../src/protocol/session.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { STREAMING_URL, StreamingServer } from "./streaming-server.ts";
import { until } from "./until.ts";
import type { Fetch } from "./wire.ts";

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const MAJORS: readonly [string, (fetch: Fetch) => Connector][] = [
  ["v1", (fetch) => fromUrlV1(STREAMING_URL, { fetch })],
  ["v2", (fetch) => fromUrlV2(STREAMING_URL, { fetch, era: "2025-11-25" })],
  ["no SDK", (fetch) => fromUrlHttp(STREAMING_URL, { fetch, era: "2025-11-25" })],
];

describe.each(MAJORS)(
  "a request of a method that nobody here knows, over fromUrl of %s",
  (_major, connect) => {
    /** A task that waits for input, and its server. */
    async function waiting(): Promise<{ server: StreamingServer; task: Task }> {
      const server = new StreamingServer();
      server.taskStatus = "input_required";
      const endpoints = { server: connect(server.fetch) };
      const client = new TaskClient({ store: memoryStore(), endpoints, host: timerHost() });
      closers.push(() => client.close());
      const calling = client.callTool("server", "slow");
      (await until("the call", () => server.calls[0])).reply({ task: server.task("t") });
      return { server, task: await calling };
    }
    const related = { _meta: { [RELATED_TASK]: { taskId: "t" } } };

    test("is shown with its method and params when it names the task, and declined with a JSON-RPC error", async () => {
      const { server, task } = await waiting();
      const stream = await until("the session's stream", () => server.gets[0]);
      stream.send({ id: 7, method: "vendor/pick", params: { colours: ["red"], ...related } });
      const [request] = await until(
        "the question",
        () => task.view.inputRequests.length > 0 && task.view.inputRequests,
      );
      expect(request).toMatchObject({ method: "vendor/pick", params: { colours: ["red"] } });
      await task.answer(request?.key ?? "", { action: "decline" });
      await until("the answer", () => server.answers.length > 0);
      expect(server.answers[0]).toMatchObject({
        id: 7,
        error: { code: -32601, message: "vendor/pick is not supported by this client" },
      });
      expect(task.view.inputRequests).toEqual([]);
    });

    test("takes the answer of an app that knows it, and belongs to the task on whose stream it came", async () => {
      const { server, task } = await waiting();
      const stream = await until("tasks/result", () => server.results[0]);
      stream.send({ id: 8, method: "vendor/pick", params: {} });
      const [request] = await until(
        "the question",
        () => task.view.inputRequests.length > 0 && task.view.inputRequests,
      );
      await task.answer(request?.key ?? "", { picked: "red" });
      await until("the answer", () => server.answers.length > 0);
      expect(server.answers[0]).toMatchObject({ id: 8, result: { picked: "red" } });
    });

    test("is refused as unsupported when it is about nothing", async () => {
      const { server, task } = await waiting();
      const stream = await until("the session's stream", () => server.gets[0]);
      stream.send({ id: 9, method: "vendor/pick", params: {} });
      stream.send({ id: 10, method: "ping", params: related });
      await until("two answers", () => server.answers.length > 1);
      expect(server.answers).toContainEqual(
        expect.objectContaining({ id: 9, error: expect.objectContaining({ code: -32601 }) }),
      );
      expect(server.answers).toContainEqual(expect.objectContaining({ id: 10, result: {} }));
      expect(task.view.inputRequests).toEqual([]);
    });
  },
);
