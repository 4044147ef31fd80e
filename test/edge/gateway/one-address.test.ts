import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fromUrl } from "../../../src/channel/sdk-v2.ts";
import { TaskClient } from "../../../src/index.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { freePort, type ServerProcess, startWorker } from "../../servers/processes.ts";
import { BEARER, TESTER } from "../../servers/test-token.ts";
import { FixtureServer } from "./fixture-server.ts";
import { type ManyServers, manyServers } from "./many-servers.ts";
import { type Connect, callAndCheck, sdkV1, sdkV2 } from "./plain-clients.ts";
import { connectV1, connectV2 } from "./sdk-clients.ts";

const COUNT = 19;
const COMPANIONS = ["answer_task", "cancel_task", "check_task", "list_tasks"];

let fixture: FixtureServer;
let many: ManyServers;
let worker: ServerProcess;
let url: URL;

beforeAll(async () => {
  fixture = await FixtureServer.start();
  many = await manyServers(COUNT);
  const nobody = `http://127.0.0.1:${await freePort()}/mcp`;
  const endpoints = { ...many.urls, fixture: fixture.url, nobody };
  worker = await startWorker({
    vars: {
      TOKENS: JSON.stringify([TESTER]),
      GATEWAY: JSON.stringify({ budgetMs: 800 }),
      ENDPOINTS: JSON.stringify(
        Object.fromEntries(
          Object.entries(endpoints).map(([name, address]) => [name, { url: address, allowPrivate: true }]),
        ),
      ),
    },
  });
  url = new URL(`${worker.url}/mcp`);
  many.guarded.add("server-3");
}, 90_000);

afterAll(async () => {
  await worker.kill();
  await many.close();
  await fixture.close();
});

async function toolNames(): Promise<readonly string[]> {
  const client = await connectV1(url, BEARER);
  const { tools } = await client.listTools();
  await client.close();
  return tools.map(({ name }) => name);
}

describe("/mcp over 21 endpoints, one down and one without credentials", () => {
  test("lists the tools of the 19 others, no name twice, and the companions once", {
    timeout: 60_000,
  }, async () => {
    const names = await toolNames();
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => COMPANIONS.includes(name)).sort()).toEqual(COMPANIONS);
    expect(names.length).toBeGreaterThan(200);
    expect(names).toContain("server_0_tool_9");
    expect(names).toContain("server-0_search");
    expect(names).not.toContain("search");
    expect(names.filter((name) => name.startsWith("server_3") || name.startsWith("server-3"))).toEqual([]);
  });

  const CLIENTS: readonly (readonly [string, Connect])[] = [
    ["SDK v1", sdkV1],
    ["SDK v2 (2026-07-28)", sdkV2("auto")],
    ["SDK v2 (2025-11-25)", sdkV2("legacy")],
  ];

  test.each(CLIENTS)(
    "%s calls the tool of the endpoint that a name is of",
    { timeout: 60_000 },
    async (name, connect) => {
      const client = await connect(url, BEARER, 30_000);
      try {
        for (const [shown, called] of [
          ["server-7_search", "server-7 search"],
          ["server-8_search", "server-8 search"],
          ["server_5_tool_2", "server-5 server_5_tool_2"],
        ] as const) {
          const before = many.calls.length;
          // The same arguments would join a call that another client left with a running result.
          await client.call(shown, { by: name });
          expect(many.calls.slice(before)).toEqual([called]);
        }
        const unknown = await client.call("search", {});
        expect(unknown.isError).toBe(true);
        expect(JSON.stringify(unknown.content)).toContain("Unknown tool: search");
        const slow = await callAndCheck(client, "slow_compute", { seconds: 3, label: "kelp" });
        expect(slow.content).toEqual([{ type: "text", text: "Computed kelp" }]);
      } finally {
        await client.close();
      }
    },
  );

  test("a client that knows tasks follows one: SDK v1", { timeout: 60_000 }, async () => {
    const v1 = await connectV1(url, BEARER);
    await v1.listTools();
    const seen: string[] = [];
    const call = { name: "slow_compute", arguments: { seconds: 1, label: "stream" } };
    for await (const message of v1.experimental.tasks.callToolStream(call)) seen.push(message.type);
    expect([seen[0], seen.at(-1)]).toEqual(["taskCreated", "result"]);
    await v1.close();
  });

  test.each(["2025-11-25", "2026-07-28"] as const)(
    "a client that knows tasks follows one: Holdfast itself, %s",
    { timeout: 60_000 },
    async (era) => {
      const gateway = fromUrl(url, { era, requestInit: { headers: BEARER } });
      const client = new TaskClient({ store: memoryStore(), endpoints: { gateway } });
      const task = await client.callTool("gateway", "slow_compute", { seconds: 2, label: era });
      expect(task.view.taskId).toMatch(/^fixture\.0\./);
      expect((await task.result()).content).toEqual([{ type: "text", text: `Computed ${era}` }]);
      await client.close();
    },
  );

  test("merges resources and prompts, and reads each from its own server", { timeout: 60_000 }, async () => {
    for (const mode of ["auto", "legacy"] as const) {
      const client = await connectV2(url, BEARER, mode);
      expect((await client.listResources()).resources.map(({ uri }) => uri)).toEqual(["kelp://forest"]);
      expect((await client.readResource({ uri: "kelp://forest" })).contents).toMatchObject([
        { text: "Macrocystis" },
      ]);
      await expect(client.readResource({ uri: "kelp://nowhere" })).rejects.toThrow(
        "No server has this resource",
      );
      expect((await client.listPrompts()).prompts.map(({ name }) => name)).toEqual(["survey"]);
      expect((await client.getPrompt({ name: "survey" })).messages).toHaveLength(1);
      await client.close();
    }
  });

  test("names stay as they are while a server is down: no other tool gets its name", {
    timeout: 60_000,
  }, async () => {
    many.guarded.add("server-7");
    const names = await toolNames();
    expect(names).not.toContain("server-7_search");
    expect(names).toContain("server-8_search");
    many.guarded.delete("server-7");
    expect(await toolNames()).toContain("server-7_search");
  });

  test("answers as fast as the others do where a server hangs: with the tools that it listed before", {
    timeout: 90_000,
  }, async () => {
    const timed = async () => {
      const began = performance.now();
      return { names: await toolNames(), ms: performance.now() - began };
    };
    const before = await timed();
    many.silent.add("server-9");
    const first = await timed();
    expect(first.names).toEqual(before.names);
    // Twice what the slowest of the others took, which varies on a busy machine, and as much for what is around it.
    expect(first.ms).toBeLessThan(4 * before.ms + 3_000);
    many.silent.delete("server-9");
    expect((await timed()).names).toEqual(before.names);
  });
});
