import { describe, expect, it, test } from "vitest";
import { fromUrl } from "../../../src/channel/http.ts";
import { withIdempotencyKeys } from "../../../src/channel/idempotency-keys.ts";
import { timerHost } from "../../../src/hosts/timer-host.ts";
import { TaskClient, type TaskStore } from "../../../src/index.ts";
import { withPairs } from "../../../src/pairs/index.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { type Lab, labOf, TOOLS } from "../../fixtures/client-lab.ts";
import { network } from "../../fixtures/failures.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import { JobHost } from "../../fixtures/job-host.ts";
import { EXPORT } from "../../fixtures/job-servers.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";
import { type Arrival, ScriptedServer, SESSION_2025, SESSION_2026 } from "../../fixtures/scripted-server.ts";

const GENERATIONS = [
  ["2025-11-25", SESSION_2025, wire2025.toolResult, wire2025.createTaskResult],
  ["2026-07-28", SESSION_2026, wire2026.callResult, wire2026.createTaskResult],
] as const;

function keyedLab(session: typeof SESSION_2025, store: TaskStore = memoryStore(), name?: string): Lab {
  const server = new ScriptedServer(session);
  server.tools = TOOLS;
  const lab = labOf(session, TOOLS, {
    server,
    store,
    endpoints: { lab: withIdempotencyKeys(server, name), other: server },
  });
  return lab;
}

const keyIn = ({ params }: Arrival, name = "idempotencyKey"): unknown =>
  (params._meta as Record<string, unknown> | undefined)?.[name];

describe.each(GENERATIONS)("An idempotency key in %s", (_generation, session, plainResult, taskResult) => {
  it("is durable before the call is sent, and travels in _meta beside the progress token", async () => {
    const { client, server, store } = keyedLab(session);
    const task = await client.start("lab", "report");
    const call = await server.expect("tools/call");
    expect(keyIn(call)).toMatch(/^.{20,}$/);
    expect(call.params._meta).toMatchObject({ progressToken: task.id });
    expect(await store.load(task.id)).toMatchObject({
      stage: "calling",
      call: { idempotency: { name: "idempotencyKey", value: keyIn(call) }, recovery: "repeat" },
    });
  });

  it.each(["plain", "report"])(
    "is the same when the reply of %s is lost and the call is repeated",
    async (tool) => {
      const { client, server, clock } = keyedLab(session);
      const task = await client.start("lab", tool);
      const first = await server.expect("tools/call");
      await first.fail(network);
      await clock.advance(5_000);
      const second = await server.expect("tools/call");
      expect(keyIn(second)).toBe(keyIn(first));
      await second.reply(plainResult);
      await settled();
      expect(task.view.outcome?.kind).toBe("completed");
    },
  );

  it.each(["plain", "report"])(
    "of %s is the same in a later process, which makes the call again",
    async (tool) => {
      const before = keyedLab(session);
      await before.client.start("lab", tool);
      const first = await before.server.expect("tools/call");
      // The page is gone: nothing more comes of it.
      const { client, server } = keyedLab(session, before.store);
      const [task] = await client.resume();
      const second = await server.expect("tools/call");
      expect(keyIn(second)).toBe(keyIn(first));
      expect(second.params.arguments).toEqual(first.params.arguments);
      await second.reply(tool === "plain" ? plainResult : taskResult);
      await settled();
      expect(task?.view.status).toBe(tool === "plain" ? "completed" : "working");
    },
  );

  it("is another one for another call, and none where the endpoint or the call takes none", async () => {
    const { client, server } = keyedLab(session);
    await client.start("lab", "plain", { nth: 0 });
    await client.start("lab", "plain", { nth: 1 });
    await client.start("lab", "plain", { nth: 2 }, { idempotencyKey: false });
    await client.start("other", "plain", { nth: 3 });
    const keys: unknown[] = [];
    for (let count = 0; count < 4; count++) {
      const call = await server.expect("tools/call");
      keys[(call.params.arguments as { nth: number }).nth] = keyIn(call);
    }
    expect(new Set(keys.slice(0, 2)).size).toBe(2);
    expect(keys.slice(0, 2)).not.toContain(undefined);
    expect(keys.slice(2)).toEqual([undefined, undefined]);
  });

  it("is the call's own, under the endpoint's name for it", async () => {
    const { client, server } = keyedLab(session, memoryStore(), "com.example/idempotency-key");
    await client.start("lab", "plain", {}, { idempotencyKey: "order-17" });
    expect(keyIn(await server.expect("tools/call"), "com.example/idempotency-key")).toBe("order-17");
    await client.start("other", "plain", {}, { idempotencyKey: "order-18" });
    expect(keyIn(await server.expect("tools/call"))).toBe("order-18");
  });

  it("leaves a call in flight to the next process when the client is closed", async () => {
    const { client, server } = keyedLab(session);
    await client.start("lab", "plain");
    const call = await server.expect("tools/call");
    expect(call.options.leavesRequest?.()).toBe(true);
  });

  it("does not make a call repeatable whose caller says that it is not", async () => {
    const { client, server, clock } = keyedLab(session);
    const task = await client.start("lab", "plain", {}, { repeatable: false });
    await (await server.expect("tools/call")).fail(network);
    await clock.advance(5_000);
    expect(task.view.outcome?.kind).toBe("lost");
  });
});

it.each(["", "x".repeat(256)])(
  "an idempotency key of unfit length is refused before anything is stored",
  async (key) => {
    const { client, store } = keyedLab(SESSION_2026);
    await expect(client.start("lab", "plain", {}, { idempotencyKey: key })).rejects.toThrow(
      "1 to 255 characters",
    );
    expect(await store.loadActive()).toEqual([]);
  },
);

test.each(["2025-11-25", "2026-07-28"] as const)(
  "a pair's start whose reply is lost is repeated under its key: one job (%s)",
  async (generation) => {
    const host = new JobHost(generation, EXPORT);
    host.keepsKeys = true;
    const connector = fromUrl("https://jobs.test/mcp", { fetch: host.fetch });
    const pairs = { export: { ...EXPORT.pair, intervalMs: 1 } };
    const endpoints = {
      inside: withPairs(withIdempotencyKeys(connector), pairs),
      outside: withIdempotencyKeys(withPairs(connector, pairs)),
    };
    const timing = { minPollMs: 1, backoffMs: 1, maxBackoffMs: 2 };
    const client = new TaskClient({ store: memoryStore(), endpoints, timing, host: timerHost() });
    for (const endpoint of ["inside", "outside"]) {
      host.jobs.all.length = 0;
      await client.listTools(endpoint);
      host.losesReplies = 1;
      const task = await client.callTool(endpoint, "export", EXPORT.args);
      expect(JSON.stringify(await task.result())).toContain(EXPORT.outcome);
      expect(host.calls.filter((name) => name === "start_export")).toHaveLength(2);
      expect(host.jobs.all).toHaveLength(1);
      host.calls.length = 0;
    }
    await client.close();
  },
);
