import { afterEach, describe, expect, test } from "vitest";
import { TaskClient } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { type MakeAppClient, v1Client, v2Client } from "./app-client.ts";
import { LEGACY_URL, LegacyServer } from "./legacy-server.ts";
import { MODERN_URL, ModernServer } from "./modern-server.ts";
import { until } from "./until.ts";
import { ofHoldfast, Wire } from "./wire.ts";

type Server = LegacyServer | ModernServer;

const CASES: readonly [string, MakeAppClient, URL, () => Server][] = [
  ["a v1 Client", v1Client, LEGACY_URL, () => new LegacyServer()],
  ["a v2 Client in a 2025-11-25 session", v2Client, LEGACY_URL, () => new LegacyServer()],
  ["a v2 Client that speaks 2026-07-28", v2Client, MODERN_URL, () => new ModernServer()],
];

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe.each(CASES)("%s that the app closes and connects anew", (_name, make, url, serve) => {
  test("carries the next poll on its new transport", async () => {
    const server = serve();
    const wire = new Wire(server.fetch);
    const client = make(url, wire.fetch);
    await client.connect();
    const holdfast = new TaskClient({
      store: memoryStore(),
      endpoints: { server: client.connector },
      timing: { backoffMs: 20, maxBackoffMs: 20 },
    });
    closers.push(
      () => server.close(),
      () => client.close(),
      () => holdfast.close(),
    );

    const task = await holdfast.callTool("server", "report");
    await until("a poll on the first transport", () => ofHoldfast(wire).includes("tasks/get"));
    await client.close();
    await until("a poll that finds no transport", () => task.view.retry);
    expect(task.view.retry?.failure.kind).toBe("network");
    expect(task.view.outcome).toBeUndefined();

    const before = wire.sent.length;
    await client.connect();
    await until("a poll on the second transport", () =>
      wire.sent.slice(before).some(({ method, status }) => method === "tasks/get" && status === 200),
    );
    await until("the end of the retry", () => !task.view.retry);
    await server.finish(task.view.taskId ?? "", "done on the second transport");
    expect((await task.result()).content).toEqual([{ type: "text", text: "done on the second transport" }]);
    expect(client.errors).toEqual([]);
  });
});
