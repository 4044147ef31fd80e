import { afterEach, describe, expect, it } from "vitest";
import { fromUrl as fromUrlHttp } from "../../src/channel/http.ts";
import { fromUrl as fromUrlV1 } from "../../src/channel/sdk-v1.ts";
import { fromUrl as fromUrlV2 } from "../../src/channel/sdk-v2.ts";
import { timerHost } from "../../src/hosts/timer-host.ts";
import { ClientClosedError, type Task, TaskCancelledError, TaskClient } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { type Answers, BareServer, DONE } from "./bare-server.ts";
import { until } from "./until.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const WAYS = [
  ["2025-11-25 on the v1 SDK", "2025-11-25", fromUrlV1],
  ["2025-11-25 on the v2 SDK", "2025-11-25", fromUrlV2],
  ["2026-07-28 on the v2 SDK", "2026-07-28", fromUrlV2],
  ["2025-11-25 without an SDK", "2025-11-25", fromUrlHttp],
  ["2026-07-28 without an SDK", "2026-07-28", fromUrlHttp],
] as const;

async function lab(
  generation: (typeof WAYS)[number][1],
  fromUrl: (typeof WAYS)[number][2],
  answers: Answers,
) {
  const server = await BareServer.start(generation, answers);
  const client = new TaskClient({
    store: memoryStore(),
    endpoints: { lab: fromUrl(server.url) },
    host: timerHost(),
  });
  closing.push(
    () => server.close(),
    () => client.close(),
  );
  return { server, client };
}

describe.each(WAYS)("%s", (_name, generation, fromUrl) => {
  it("close() during a handshake that the server does not answer ends it at once", async () => {
    const silent = (): undefined => undefined;
    const { server, client } = await lab(generation, fromUrl, {
      initialize: silent,
      "server/discover": silent,
    });
    const call = client.callTool("lab", "slow");
    const rejected = expect(call).rejects.toBeInstanceOf(ClientClosedError);
    const [handshake] = await until("the handshake", () => server.seen.length > 0 && server.seen);
    const cut = new Promise<void>((closed) => handshake?.response.on("close", closed));
    await client.close();
    await rejected;
    await cut;
  });

  it("a plain call in flight that is cancelled ends once the server has been notified, and does not wait for its reply", async () => {
    let cut = false;
    const { server, client } = await lab(generation, fromUrl, {
      "tools/call": ({ response, stream }) => {
        stream();
        response.on("close", () => {
          cut = true;
        });
        return undefined;
      },
    });
    let handle: Task | undefined;
    client.subscribe((task) => {
      handle = task;
    });
    const call = client.callTool("lab", generation === "2025-11-25" ? "plain" : "slow");
    const rejected = expect(call).rejects.toMatchObject({
      name: TaskCancelledError.name,
      confirmed: false,
    });
    const { id } = await until("the call", () => server.of("tools/call")[0]);
    const task = await until("the handle", () => handle);
    await task.cancel();
    await rejected;
    // A notification was waited for: nothing is left to come. A closed connection reaches a server elsewhere when it does.
    if (generation === "2026-07-28") await until("the end of the connection", () => cut || undefined);
    else expect(server.of("notifications/cancelled").map(({ params }) => params.requestId)).toEqual([id]);
  });

  it("request() that its signal aborts rejects once the server has been notified", async () => {
    let cut = false;
    const { server, client } = await lab(generation, fromUrl, {
      "tools/call": ({ response, stream }) => {
        stream();
        response.on("close", () => {
          cut = true;
        });
        return undefined;
      },
    });
    const app = new AbortController();
    const reason = new Error("The person left");
    const params = { name: "plain", arguments: {} };
    const call = client.request("lab", "tools/call", params, { signal: app.signal });
    const rejected = expect(call).rejects.toBe(reason);
    const { id } = await until("the call", () => server.of("tools/call")[0]);
    app.abort(reason);
    await rejected;
    if (generation === "2026-07-28") await until("the end of the connection", () => cut || undefined);
    else expect(server.of("notifications/cancelled").map(({ params }) => params.requestId)).toEqual([id]);
  });
});

it.each(WAYS.slice(0, 2))(
  "%s: a server that never takes notifications/cancelled holds up neither the cancelled call, nor another, nor close()",
  async (_name, generation, fromUrl) => {
    const { server, client } = await lab(generation, fromUrl, {
      "tools/call": ({ stream, params }) => {
        if (params.name === "quick") return DONE;
        stream();
        return undefined;
      },
      "notifications/cancelled": () => undefined,
    });
    const handles: Task[] = [];
    client.subscribe((task) => handles.push(task));
    const [first, second] = ["first", "second"].map((tool) =>
      client.callTool("lab", tool).catch((error: unknown) => error),
    );
    await until("both calls", () => server.of("tools/call").length === 2);
    const cancel = async (tool: string): Promise<void> => {
      const handle = await until("the handle", () => handles.find((task) => task.view.tool === tool));
      await handle.cancel();
    };
    await cancel("first");
    await client.callTool("lab", "quick");
    expect(await first).toBeInstanceOf(TaskCancelledError);
    await cancel("second");
    await client.close();
    expect(await second).toBeInstanceOf(ClientClosedError);
  },
);
