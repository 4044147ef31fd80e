import { expect, it } from "vitest";
import { fromUrl as fromUrlHttp } from "../../src/channel/http.ts";
import { fromUrl as fromUrlV1 } from "../../src/channel/sdk-v1.ts";
import { fromUrl as fromUrlV2 } from "../../src/channel/sdk-v2.ts";
import { timerHost } from "../../src/hosts/timer-host.ts";
import { TaskClient } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { BareServer, wireTask } from "./bare-server.ts";
import { until } from "./until.ts";

it.each([
  ["holdfast/http", fromUrlHttp],
  ["holdfast/sdk-v1", fromUrlV1],
  ["holdfast/sdk-v2", fromUrlV2],
] as const)(
  "%s sends each GET for a stream past the cache: Firefox would hold the next one back",
  async (_name, fromUrl) => {
    const server = await BareServer.start("2025-11-25", {
      "tools/call": () => ({ task: wireTask("task-1", "working") }),
    });
    const caches: (RequestCache | undefined)[] = [];
    const client = new TaskClient({
      store: memoryStore(),
      endpoints: {
        lab: fromUrl(server.url, {
          era: "2025-11-25",
          fetch: (input, init) => {
            if (init?.method === "GET") caches.push(init.cache);
            return fetch(input, init);
          },
        }),
      },
      host: timerHost(),
    });
    await client.callTool("lab", "slow");
    await until("the GET for the server's stream", () => caches.length > 0);
    expect(caches).toEqual(caches.map(() => "no-store"));
    await client.close();
    server.close();
  },
);
