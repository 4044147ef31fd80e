import { afterEach, describe, expect, it } from "vitest";
import type { Fetch } from "../../src/channel/exchange.ts";
import { fromUrl as fromUrlHttp } from "../../src/channel/http.ts";
import { fromUrl as fromUrlV1 } from "../../src/channel/sdk-v1.ts";
import { fromUrl as fromUrlV2 } from "../../src/channel/sdk-v2.ts";
import { timerHost } from "../../src/hosts/timer-host.ts";
import { TaskClient } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { type Answers, BareServer, wireTask } from "./bare-server.ts";
import { until } from "./until.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** As in Firefox: a cancelled body leaves its connection open until the next byte arrives. Only an abort closes it. */
const fetchAsInFirefox: Fetch = async (input, init) => {
  const response = await fetch(input, init);
  const reader = response.body?.getReader();
  if (!reader) return response;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        controller.error(error);
      }
    },
  });
  const { status, headers } = response;
  return new Response(body, { status, headers });
};

type Way = readonly [string, typeof fromUrlHttp];
const WAYS: readonly Way[] = [
  ["holdfast/http", fromUrlHttp],
  ["holdfast/sdk-v1", fromUrlV1],
  ["holdfast/sdk-v2", fromUrlV2],
];

async function lab([, fromUrl]: Way, answers: Answers) {
  const server = await BareServer.start("2025-11-25", answers);
  closing.push(() => server.close());
  const client = new TaskClient({
    store: memoryStore(),
    endpoints: { lab: fromUrl(server.url, { era: "2025-11-25", fetch: fetchAsInFirefox }) },
    host: timerHost(),
    push: false,
    timing: { backoffMs: 20, maxBackoffMs: 50 },
  });
  closing.push(() => client.close());
  return { server, client };
}

describe.each(WAYS)("%s, where only an abort closes a connection", (...way) => {
  it("closes a silent response stream whose reply is in, and one in which no reply is awaited", async () => {
    const { server, client } = await lab(way, {
      "notifications/initialized": ({ response }) => {
        response.writeHead(200, { "content-type": "text/event-stream" }).write(": taken\n\n");
        return undefined;
      },
      "tools/call": () => ({ task: wireTask("task-1", "working") }),
      "tasks/get": ({ id, stream }) => {
        stream({ id, result: wireTask("task-1", "working") });
        return undefined;
      },
    });
    await client.callTool("lab", "slow");
    const polls = await until(
      "four polls",
      () => server.of("tasks/get").length >= 4 && server.of("tasks/get"),
    );
    await until("their ends", () => polls.slice(0, 3).every(({ response }) => response.closed));
    const [initialized] = server.of("notifications/initialized");
    await until("the end of the notification's response", () => initialized?.response.closed);
  });
});

it("holdfast/http closes a resumed stream that stays silent before it resumes it again", async () => {
  const { server, client } = await lab(["", fromUrlHttp], {
    "tools/call": ({ response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).end("id: event-1\ndata:\n\n");
      return undefined;
    },
  });
  void client.request("lab", "tools/call", { name: "plain", arguments: {} }).catch(() => undefined);
  const gets = (): typeof server.seen => server.seen.filter(({ http }) => http.method === "GET");
  await until("three resumptions", () => gets().length >= 3);
  await until("the end of the first two", () =>
    gets()
      .slice(0, 2)
      .every(({ response }) => response.closed),
  );
  expect(server.streams.size).toBeLessThan(3);
});
