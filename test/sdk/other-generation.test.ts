import { afterEach, describe, expect, test } from "vitest";
import { fromUrl } from "../../src/channel/sdk-v2.ts";
import { TaskClient } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import type { TaskStore } from "../../src/store/task-store.ts";
import { LEGACY_URL, LegacyServer } from "./legacy-server.ts";
import { ModernServer } from "./modern-server.ts";
import { until } from "./until.ts";
import { Wire } from "./wire.ts";

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** An address with a server of either generation, one at a time. */
class Address {
  readonly servers = { "2025-11-25": new LegacyServer(), "2026-07-28": new ModernServer() };
  readonly store: TaskStore = memoryStore();
  serves: keyof Address["servers"];

  constructor(serves: keyof Address["servers"]) {
    this.serves = serves;
    closers.push(
      () => this.servers["2025-11-25"].close(),
      () => this.servers["2026-07-28"].close(),
    );
  }

  /** A page of an app, and what it sends. */
  page(): { client: TaskClient; wire: Wire } {
    const wire = new Wire((url, init) => this.servers[this.serves].fetch(url, init));
    const endpoints = { server: fromUrl(LEGACY_URL, { fetch: wire.fetch }) };
    const timing = { backoffMs: 20, maxBackoffMs: 20, cancelGraceMs: 100 };
    const client = new TaskClient({ store: this.store, endpoints, timing, push: false });
    closers.push(() => client.close());
    return { client, wire };
  }
}

describe.each([
  ["2025-11-25", "2026-07-28"],
  ["2026-07-28", "2025-11-25"],
] as const)("a server that spoke %s, and now speaks %s", (before, after) => {
  test.each([true, false])(
    "is called in that, though the session is remembered (its tools: %s)",
    async (tools) => {
      const address = new Address(before);
      const earlier = address.page();
      if (tools) await earlier.client.listTools("server");
      else await earlier.client.session("server");
      await earlier.client.close();

      address.serves = after;
      const { client, wire } = address.page();
      const task = await client.callTool("server", "report");
      expect(task.view.status).toBe("working");
      expect(await client.rememberedSession("server")).toMatchObject({ generation: after });
      expect(await address.store.loadActive()).toHaveLength(1);
      await address.servers[after].finish(task.view.taskId ?? "", "done");
      expect((await task.result()).content).toEqual([{ type: "text", text: "done" }]);
      expect(wire.count("tools/call")).toBe(tools ? 2 : 1);
    },
  );

  test("is not asked after the tasks of before, which wait: it may change back", async () => {
    const address = new Address(before);
    const { client } = address.page();
    const old = await client.callTool("server", "report");
    const unwanted = await client.callTool("server", "report");
    address.serves = after;
    await client.callTool("server", "report");
    const retry = await until("retry", () => old.view.retry?.failure.message.includes(after));
    expect(retry).toBe(true);
    expect(old.view.outcome).toBeUndefined();
    await unwanted.cancel();
    await until("the end of the unwanted one", () => unwanted.view.outcome);
    expect(unwanted.view.outcome).toEqual({ kind: "cancelled", confirmed: false });

    address.serves = before;
    await client.callTool("server", "report");
    await address.servers[before].finish(old.view.taskId ?? "", "done");
    expect((await old.result()).content).toEqual([{ type: "text", text: "done" }]);
  });
});
