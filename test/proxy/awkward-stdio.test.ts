import { spawn } from "node:child_process";
import { ListRootsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ROOT } from "../bundle/package-build.ts";
import {
  connected,
  DataFolder,
  environment,
  HOLDFAST,
  holdfast,
  type ProxiedClient,
  type ProxiedOptions,
} from "./proxied-client.ts";

const AWKWARD = [process.execPath, `${ROOT}test/proxy/awkward-server.mjs`];

let folder: DataFolder;
const closers: (() => unknown)[] = [];
beforeEach(() => {
  folder = new DataFolder();
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  folder.remove();
});

async function start(habit: string, options: ProxiedOptions = {}): Promise<ProxiedClient> {
  const proxied = await connected(holdfast("--verbose", "--", ...AWKWARD, habit), folder, options);
  closers.push(() => proxied.client.close());
  return proxied;
}

async function echo({ client }: ProxiedClient): Promise<Record<string, unknown>> {
  const { content } = await client.callTool({ name: "echo", arguments: { a: 1 } });
  return JSON.parse((content as { text: string }[])[0]?.text ?? "");
}

test("The proxy answers a ping that a local server sends before it answers the handshake", async () => {
  expect(await echo(await start("--pings"))).toMatchObject({ args: { a: 1 } });
});

test("The proxy passes on what a local server asks in the same write as its answer to the handshake", async () => {
  const proxied = await start("--asks-early", {
    capabilities: { roots: {} },
    prepare: (client) => client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [] })),
  });
  await expect.poll(() => echo(proxied)).toMatchObject({ roots: '{"roots":[]}' });
});

test("The proxy reads replies that a local server sends as a list", async () => {
  expect(await echo(await start("--batches"))).toMatchObject({ args: { a: 1 } });
});

test("The proxy reads messages that a local server indents over several lines, and says once that others will not", async () => {
  const proxied = await start("--indented");
  expect(await echo(proxied)).toMatchObject({ args: { a: 1 } });
  expect(await echo(proxied)).toMatchObject({ args: { a: 1 } });
  expect(proxied.stderr().split("one message a line")).toHaveLength(2);
});

test("The proxy reports a reply without a result at once", async () => {
  const { client } = await start("--plain");
  const { isError, content } = await client.callTool({ name: "nothing", arguments: {} });
  expect(isError).toBe(true);
  expect(JSON.stringify(content)).toContain("it holds neither a result nor an error");
});

test("The proxy lists tools and resources that the SDK would refuse, so that the others are not lost", async () => {
  const { client } = await start("--nulls");
  const names = (await client.listTools()).tools.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["odd", "echo", "nothing"]));
  expect((await client.listResources()).resources).toEqual([{ uri: "file:///a", name: "file:///a" }]);
});

test("The proxy serves an agent that sends its requests indented or as a list, and null for no arguments", async () => {
  const proxy = spawn(process.execPath, [HOLDFAST, "--", ...AWKWARD, "--plain"], {
    env: environment(folder),
    stdio: ["pipe", "pipe", "ignore"],
  });
  const ended = new Promise((resolve) => proxy.once("exit", resolve));
  closers.push(() => {
    proxy.stdin.end();
    return ended;
  });
  let out = "";
  proxy.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    out += chunk;
  });
  const send = (message: object): void => void proxy.stdin.write(`${JSON.stringify(message)}\n`);
  const clientInfo = { name: "raw", version: "1" };
  const params = { protocolVersion: "2025-03-26", capabilities: {}, clientInfo };
  const initialize = { jsonrpc: "2.0", id: 1, method: "initialize", params };
  proxy.stdin.write(`${JSON.stringify(initialize, null, "\t")}\n`);
  send([
    { jsonrpc: "2.0", method: "notifications/initialized" },
    { jsonrpc: "2.0", id: 2, method: "ping" },
    { jsonrpc: "2.0", id: 3, method: "tools/call", params: { name: "echo", arguments: null } },
  ]);
  const replies = (): { id: number; result?: { content?: unknown } }[] =>
    out.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
  await expect
    .poll(() =>
      replies()
        .map(({ id }) => id)
        .sort(),
    )
    .toEqual([1, 2, 3]);
  expect(JSON.stringify(replies().find(({ id }) => id === 3)?.result?.content)).toContain("args");
});
