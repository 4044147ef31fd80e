import { afterEach } from "vitest";
import { fromUrl as fromUrlHttp } from "../../src/channel/http.ts";
import { fromUrl as fromUrlV1 } from "../../src/channel/sdk-v1.ts";
import { type Connector, fromUrl as fromUrlV2 } from "../../src/channel/sdk-v2.ts";
import { timerHost } from "../../src/hosts/timer-host.ts";
import { TaskClient, type TaskClientOptions } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { type Answers, BareServer } from "./bare-server.ts";

export type Connect = (url: string, options?: { readonly timeoutMs?: number }) => Connector;

/** Our own connector on each SDK major, and on no SDK. */
export const CONNECTORS: readonly [string, Connect][] = [
  ["fromUrl on the v1 SDK", (url, options) => fromUrlV1(url, options)],
  ["fromUrl on the v2 SDK", (url, options) => fromUrlV2(url, options)],
  ["fromUrl without an SDK", (url, options) => fromUrlHttp(url, options)],
];

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server with these quirks, until the test ends. */
export async function serverOf(
  answers: Answers,
  generation: "2025-11-25" | "2026-07-28" = "2025-11-25",
): Promise<BareServer> {
  const server = await BareServer.start(generation, answers);
  closers.push(() => server.close());
  return server;
}

/** A client of one endpoint, `server`, until the test ends. */
export function clientOf(connector: Connector, options: Partial<TaskClientOptions> = {}): TaskClient {
  const client = new TaskClient({
    store: memoryStore(),
    endpoints: { server: connector },
    host: timerHost(),
    ...options,
  });
  closers.push(() => client.close());
  return client;
}
