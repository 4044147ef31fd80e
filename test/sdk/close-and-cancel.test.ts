import { afterEach, describe, expect, it } from "vitest";
import { fromUrl as fromUrlV1 } from "../../src/channel/sdk-v1.ts";
import { fromUrl as fromUrlV2 } from "../../src/channel/sdk-v2.ts";
import { ClientClosedError, type Task, TaskCancelledError, TaskClient } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { type Answers, BareServer } from "./bare-server.ts";
import { until } from "./until.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const WAYS = [
  ["2025-11-25 on the v1 SDK", "2025-11-25", fromUrlV1],
  ["2025-11-25 on the v2 SDK", "2025-11-25", fromUrlV2],
  ["2026-07-28", "2026-07-28", fromUrlV2],
] as const;

describe.each(WAYS)("%s", (_name, generation, fromUrl) => {
  async function lab(answers: Answers) {
    const server = await BareServer.start(generation, answers);
    const client = new TaskClient({
      store: memoryStore(),
      endpoints: { lab: fromUrl(server.url) },
      tabs: null,
    });
    closing.push(
      () => server.close(),
      () => client.close(),
    );
    return { server, client };
  }

  it("close() during a handshake that the server does not answer ends it at once", async () => {
    const silent = (): undefined => undefined;
    const { server, client } = await lab({ initialize: silent, "server/discover": silent });
    const call = client.callTool("lab", "slow");
    const rejected = expect(call).rejects.toBeInstanceOf(ClientClosedError);
    const [handshake] = await until("the handshake", () => server.seen.length > 0 && server.seen);
    const cut = new Promise((closed) => handshake?.response.on("close", closed));
    await client.close();
    await rejected;
    await cut;
  });

  it("cancel() of a call in flight that is no task tells the server, and does not wait for its reply", async () => {
    let cut = false;
    const { server, client } = await lab({
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
    if (generation === "2026-07-28") await until("the stream's end", () => cut);
    else {
      const told = await until("the notification", () => server.of("notifications/cancelled")[0]);
      expect(told.params.requestId).toBe(id);
    }
  });
});
