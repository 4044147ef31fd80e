import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { LocalServer } from "../../proxy/configuration/server-spec.ts";
import { logTo } from "../../proxy/log.ts";
import { StdioBridge } from "../../proxy/serve/stdio-bridge.ts";
import { callByName } from "../../src/agent/call-by-name.ts";
import { agentTools } from "../../src/agent/index.ts";
import { fromClient } from "../../src/channel/sdk-v1.ts";
import { timerHost } from "../../src/hosts/timer-host.ts";
import { TaskClient, type TaskStore } from "../../src/index.ts";
import { type Pairs, suggestPairs, withPairs } from "../../src/pairs/index.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { until } from "../browser/until.ts";
import { type Answer, callAndCheck, sdkV1 } from "../edge/gateway/plain-clients.ts";
import { connected, DataFolder, holdfast } from "../proxy/proxied-client.ts";
import { freePort, startWorker } from "../servers/processes.ts";
import { BEARER, TESTER } from "../servers/test-token.ts";
import { JobApi } from "./job-api.ts";
import packages from "./packages.json" with { type: "json" };

/** An MCP server that npm has, and the task that two or three of its tools are. */
interface PublicServer {
  readonly name: string;
  readonly script: string;
  readonly env: (api: string) => Readonly<Record<string, string>>;
  readonly tool: string;
  readonly pairs: Pairs;
  readonly args: Readonly<Record<string, string>>;
  readonly kind: "agent" | "prediction";
  readonly result: RegExp;
}

const SERVERS: readonly PublicServer[] = [
  {
    name: "firecrawl",
    script: "firecrawl-mcp/dist/index.js",
    env: (api) => ({ FIRECRAWL_API_URL: api, FIRECRAWL_API_KEY: "fc-key" }),
    tool: "agent",
    pairs: {
      agent: {
        start: { tool: "firecrawl_agent", id: "/id" },
        status: {
          tool: "firecrawl_agent_status",
          arguments: { id: "/id" },
          status: "/status",
          result: "/data",
        },
        intervalMs: 200,
      },
    },
    args: { prompt: "How does kelp hold fast?" },
    kind: "agent",
    result: /kelp holds fast \(agent-\d+\)/,
  },
  {
    name: "replicate",
    script: "replicate-mcp/index.js",
    env: (api) => ({ REPLICATE_API_TOKEN: "token", REPLICATE_BASE_URL: api }),
    tool: "prediction",
    pairs: {
      prediction: {
        start: { tool: "create_predictions", id: "/id" },
        status: {
          tool: "get_predictions",
          arguments: { prediction_id: "/id" },
          status: "/status",
          result: "/output",
        },
        cancel: { tool: "cancel_predictions", arguments: { prediction_id: "/id" } },
        intervalMs: 200,
      },
    },
    args: { version: "kelp" },
    kind: "prediction",
    result: /prediction-\d+\.png/,
  },
];

let folder: string;
let api: JobApi;
/** What ends with the test. */
const clean: (() => unknown)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-public-pairs-"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: packages }));
  const install = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
  await promisify(execFile)("npm", install, { cwd: folder });
  api = await JobApi.start();
});

beforeEach(() => {
  api.done = false;
  api.started.length = 0;
  return async () => {
    for (const work of clean.splice(0).reverse()) await work();
  };
});

afterAll(() => {
  api?.close();
  rmSync(folder, { recursive: true, force: true });
});

function localServer({ name, script, env }: PublicServer): LocalServer {
  const args = [join(folder, "node_modules", script)];
  return { kind: "local", name, command: process.execPath, args, env: env(api.url) };
}

/** An app with both servers, in processes of their own, which die with it. */
interface App {
  readonly client: TaskClient;
  /** The tools of a server as it lists them. */
  definitions(name: string): Promise<readonly JsonObject[]>;
  kill(): Promise<void>;
}

async function openApp(store: TaskStore): Promise<App> {
  const clients = await Promise.all(
    SERVERS.map(async (server) => {
      const { command, args, env } = localServer(server);
      const transport = new StdioClientTransport({
        command,
        args: [...args],
        env: { ...(process.env as Record<string, string>), ...env },
        stderr: "ignore",
      });
      const client = new Client({ name: "app", version: "1.0.0" });
      await client.connect(transport, { timeout: 60_000 });
      return { server, client, transport };
    }),
  );
  const client = new TaskClient({
    store,
    endpoints: Object.fromEntries(
      clients.map(({ server: { name, pairs }, client }) => [name, withPairs(fromClient(client), pairs)]),
    ),
    host: timerHost(),
  });
  const kill = async (): Promise<void> => {
    for (const { transport } of clients) if (transport.pid !== null) process.kill(transport.pid, "SIGKILL");
    await client.close();
    await Promise.all(clients.map(({ client }) => client.close()));
  };
  const definitions = async (name: string): Promise<readonly JsonObject[]> => {
    const one = clients.find(({ server }) => server.name === name);
    return ((await one?.client.listTools())?.tools ?? []) as unknown as readonly JsonObject[];
  };
  return { client, definitions, kill };
}

test("suggestPairs() finds both pairs in the servers' own lists", async () => {
  const { definitions, kill } = await openApp(memoryStore());
  clean.push(kill);
  for (const { name, pairs, tool } of SERVERS) {
    const { start, status } = pairs[tool] ?? {};
    const suggestions = suggestPairs(await definitions(name));
    const found = suggestions.find((suggestion) => suggestion.pair.start.tool === start?.tool);
    expect(found?.pair.status.tool, name).toBe(status?.tool);
  }
});

test("library: both servers and the client die while the jobs run; the next client takes both results", async () => {
  const store = memoryStore();
  const before = await openApp(store);
  for (const { name, tool, args } of SERVERS) {
    const task = await before.client.callTool(name, tool, args);
    expect(task.view).toMatchObject({ generation: "pairs", status: "working" });
  }
  await before.kill();
  api.done = true;
  const after = await openApp(store);
  clean.push(after.kill);
  const tasks = await after.client.resume();
  expect(tasks).toHaveLength(2);
  for (const { name, result } of SERVERS) {
    const task = tasks.find(({ view }) => view.endpoint === name);
    expect(JSON.stringify(await task?.result())).toMatch(result);
  }
  expect([...api.started].sort()).toEqual(["agent", "prediction"]);
});

test("library: cancel() of a prediction calls the server's cancel tool", async () => {
  const { client, kill } = await openApp(memoryStore());
  clean.push(kill);
  const task = await client.callTool("replicate", "prediction", { version: "kelp" });
  await task.cancel();
  await expect(task.result()).rejects.toThrow("cancelled");
  expect(task.view.outcome).toEqual({ kind: "cancelled", confirmed: true });
});

test("agent tools: running results, and after a reload both results by check_task", async () => {
  const store = memoryStore();
  const before = await openApp(store);
  const tools = await agentTools(before.client, { callBudgetMs: 50 });
  const names = tools.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["agent", "prediction", "check_task"]));
  expect(names).not.toContain("firecrawl_agent_status");
  expect(names).not.toContain("get_predictions");
  const running = [];
  for (const { tool, args } of SERVERS) running.push(await callByName(tools, tool, args));
  await before.kill();
  api.done = true;
  const after = await openApp(store);
  clean.push(after.kill);
  await after.client.resume();
  const later = await agentTools(after.client, { callBudgetMs: 20_000 });
  for (const [index, { result }] of SERVERS.entries()) {
    const { task } = (running[index]?.structuredContent ?? {}) as { task?: string };
    expect(JSON.stringify(await callByName(later, "check_task", { task }))).toMatch(result);
  }
  expect([...api.started].sort()).toEqual(["agent", "prediction"]);
});

test("gateway: the worker is killed while the jobs run, and brings both results", async () => {
  const state = join(folder, "worker-state");
  mkdirSync(state);
  const bridges = new Map(
    SERVERS.map((server) => [
      server.name,
      new StdioBridge(
        localServer(server),
        logTo(() => undefined, false),
      ),
    ]),
  );
  const http = createServer((request, reply) => {
    const bridge = bridges.get((request.url ?? "").slice(1));
    if (bridge) bridge.handle(request, reply).catch(() => reply.destroy());
    else reply.writeHead(404).end();
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  clean.push(
    () => http.close(),
    () => http.closeAllConnections(),
  );
  for (const bridge of bridges.values()) clean.push(() => bridge.close());
  const address = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const endpoints = Object.fromEntries(
    SERVERS.map(({ name, pairs }) => [name, { url: `${address}/${name}`, allowPrivate: true, pairs }]),
  );
  const vars = {
    TOKENS: JSON.stringify([TESTER]),
    ENDPOINTS: JSON.stringify(endpoints),
    GATEWAY: JSON.stringify({ budgetMs: 500 }),
  };
  const port = await freePort();
  const start = () => startWorker({ port, persistTo: state, vars });
  const urlOf = (name: string): URL => new URL(`http://127.0.0.1:${port}/mcp/${name}`);

  const first = await start();
  const running: Answer[] = [];
  for (const { name, tool, args } of SERVERS) {
    const agent = await sdkV1(urlOf(name), BEARER, 60_000);
    running.push(await agent.call(tool, args));
    await agent.close();
  }
  expect(running.map(({ structuredContent }) => structuredContent)).toMatchObject(
    Array(2).fill({ status: "working" }),
  );
  await first.kill();
  api.done = true;
  const second = await start();
  clean.push(() => second.kill());
  for (const [index, { name, result }] of SERVERS.entries()) {
    const agent = await sdkV1(urlOf(name), BEARER, 60_000);
    const task = String(running[index]?.structuredContent?.task);
    expect(JSON.stringify(await callAndCheck(agent, "check_task", { task }))).toMatch(result);
    await agent.close();
  }
  expect([...api.started].sort()).toEqual(["agent", "prediction"]);
});

test("proxy: it is killed with both servers while the jobs run, and the next one brings both results", async () => {
  const data = new DataFolder();
  clean.push(() => data.remove());
  const file = join(data.path, "mcp.json");
  const mcpServers = Object.fromEntries(
    SERVERS.map((server) => {
      const { command, args, env } = localServer(server);
      return [server.name, { command, args, env, pairs: server.pairs }];
    }),
  );
  writeFileSync(file, JSON.stringify({ mcpServers }));
  const command = holdfast("--budget", "1", "--config", file);
  const first = await connected(command, data);
  await until(
    "the tools of both servers",
    async () => {
      const { tools } = await first.client.listTools();
      return SERVERS.every(({ tool }) => tools.some(({ name }) => name === tool)) || undefined;
    },
    60_000,
  );
  const running: Answer[] = [];
  for (const { tool, args } of SERVERS)
    running.push((await first.client.callTool({ name: tool, arguments: args })) as unknown as Answer);
  process.kill(Number(first.transport.pid), "SIGKILL");
  await first.client.close();
  api.done = true;

  const second = await connected(command, data);
  clean.push(() => second.client.close());
  for (const [index, { result }] of SERVERS.entries()) {
    const args = { task: running[index]?.structuredContent?.task };
    const text = await until("the result", async () => {
      const answer = await second.client.callTool({ name: "check_task", arguments: args });
      const { status } = (answer.structuredContent ?? {}) as { status?: string };
      return status === "working" ? undefined : JSON.stringify(answer);
    });
    expect(text).toMatch(result);
  }
  expect([...api.started].sort()).toEqual(["agent", "prediction"]);
});
