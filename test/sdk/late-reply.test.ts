import { afterEach, describe, expect, test } from "vitest";
import { TaskClient } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { type MakeAppClient, v1Client, v2Client } from "./app-client.ts";
import { LEGACY_URL, LegacyServer } from "./legacy-server.ts";
import { MODERN_URL, ModernServer } from "./modern-server.ts";
import { until } from "./until.ts";
import { Wire } from "./wire.ts";

const CASES: readonly [string, MakeAppClient, URL, () => LegacyServer | ModernServer][] = [
  ["a v1 Client", v1Client, LEGACY_URL, () => new LegacyServer()],
  ["a v2 Client in a 2025-11-25 session", v2Client, LEGACY_URL, () => new LegacyServer()],
  ["a v2 Client that speaks 2026-07-28", v2Client, MODERN_URL, () => new ModernServer()],
];

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe.each(CASES)("%s", (_name, make, url, serve) => {
  test("does not see the reply to a poll that comes after Holdfast was closed", async () => {
    const server = serve();
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let read = false;
    const wire = new Wire(async (address, init) => {
      // A server that does not notice that nobody waits any more.
      const response = await server.fetch(address, { ...init, signal: null });
      if (!String(init?.body).includes('"tasks/get"')) return response;
      const body = await response.text();
      await released;
      const late = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(new TextEncoder().encode(body));
          controller.close();
          read = true;
        },
      });
      return new Response(late, response);
    });
    const client = make(url, wire.fetch);
    await client.connect();
    const holdfast = new TaskClient({ store: memoryStore(), endpoints: { server: client.connector } });
    closers.push(
      () => server.close(),
      () => client.close(),
      () => holdfast.close(),
    );
    await holdfast.callTool("server", "report");
    await until("a poll", () => wire.methods.includes("tasks/get"));
    await holdfast.close();
    release();
    await until("the late reply", () => read);

    // A round trip after it: what the late reply did to the Client has been done.
    expect(await client.listTools()).not.toEqual([]);
    expect(client.errors).toEqual([]);
  });
});
