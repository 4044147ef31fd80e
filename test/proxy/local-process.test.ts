import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ROOT } from "../bundle/package-build.ts";
import {
  connected,
  DataFolder,
  environment,
  HOLDFAST,
  holdfast,
  type ProxiedClient,
} from "./proxied-client.ts";

const LOCAL = [process.execPath, `${ROOT}test/proxy/local-server.mjs`];

let folder: DataFolder;
const open: ProxiedClient[] = [];
beforeEach(() => {
  folder = new DataFolder();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ client }) => client.close()));
  folder.remove();
});

async function start(args: readonly string[] = [], options: readonly string[] = []): Promise<ProxiedClient> {
  const proxied = await connected(holdfast(...options, "--", ...LOCAL, ...args), folder);
  open.push(proxied);
  return proxied;
}

async function text(
  { client }: ProxiedClient,
  name: string,
  args: Record<string, unknown> = {},
): Promise<string> {
  const result = await client.callTool({ name, arguments: args });
  return (result.content as { text: string }[])[0]?.text ?? "";
}

function pidsIn(path: string): readonly number[] {
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n").map(Number) : [];
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A process that has ended and that nobody has waited for does not run.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

describe("A local server behind the proxy", () => {
  test("loses its running call when it crashes, is started again, and serves the next", async () => {
    const pids = join(folder.path, "pids");
    const proxied = await start(["--pid-file", pids]);
    const result = await proxied.client.callTool({ name: "crash", arguments: {} });
    expect(result.isError).toBe(true);
    expect((result.content as { text: string }[])[0]?.text).toMatch(/crash/);
    expect(result.structuredContent).toMatchObject({ status: "lost" });
    expect(await text(proxied, "count")).toBe("0");
    expect(pidsIn(pids)).toHaveLength(2);
    expect(proxied.stderr()).toContain("it exited with code 7");
  });

  test("receives the agent's own name and capabilities, elicitation among them", async () => {
    const proxied = await start();
    expect(proxied.client.getServerCapabilities()?.experimental).toEqual({
      told: { elicitation: { form: {}, url: {} } },
      by: { name: "test-agent", version: "1.0.0" },
    });
  });

  test("receives the _meta of the agent's request", async () => {
    const proxied = await start();
    const result = await proxied.client.callTool({
      name: "meta",
      arguments: {},
      _meta: { "example.com/trace": "t1" },
    });
    expect(JSON.parse((result.content as { text: string }[])[0]?.text ?? "")).toMatchObject({
      "example.com/trace": "t1",
    });
  });

  test("may have a tool with the name of a companion", async () => {
    const proxied = await start();
    const names = (await proxied.client.listTools()).tools.map(({ name }) => name);
    const [shown] = names.filter((name) => name.endsWith("_list_tasks"));
    expect(names.filter((name) => name === "list_tasks")).toHaveLength(1);
    expect(await text(proxied, shown ?? "")).toBe("the server's own list_tasks");
  });

  test("may print lines to stdout that are not MCP", async () => {
    const proxied = await start(["--noise"]);
    expect(await text(proxied, "count")).toBe("0");
  });

  test("does its work once when the agent gives up a call and repeats it", async () => {
    const proxied = await start([], ["--budget", "20"]);
    const { client } = proxied;
    const call = { name: "sleep", arguments: { ms: 2_500 } };
    await expect(client.callTool(call, undefined, { timeout: 300 })).rejects.toThrow(/timed out/i);
    await expect(client.callTool(call, undefined, { timeout: 300 })).rejects.toThrow(/timed out/i);
    // The arguments in another order are the same.
    expect(await text(proxied, "sleep", { ms: 2_500 })).toBe("slept 1");
    expect(await text(proxied, "count")).toBe("1");
  });

  test("does its work twice for two equal calls when the agent waits for both", async () => {
    const proxied = await start([], ["--budget", "20"]);
    await Promise.all([text(proxied, "sleep", { ms: 300 }), text(proxied, "sleep", { ms: 300 })]);
    expect(await text(proxied, "count")).toBe("2");
  });

  test("does its work again when the agent repeats a call after its result was delivered", async () => {
    const proxied = await start();
    expect(await text(proxied, "sleep", { ms: 10 })).toBe("slept 1");
    expect(await text(proxied, "sleep", { ms: 10 })).toBe("slept 2");
  });

  test("leaves nothing on the disk for calls that it answered at once", async () => {
    const proxied = await start();
    await text(proxied, "sleep", { ms: 10, secret: "s3cret" });
    await expect
      .poll(async () => {
        const { structuredContent } = await proxied.client.callTool({ name: "list_tasks", arguments: {} });
        return structuredContent;
      })
      .toEqual({ tasks: [], more: 0 });
  });

  test("is named in the answer to the agent when it cannot be started, and stderr has no arguments", async () => {
    const refused = connected(holdfast("--", "/no/such/server", "--api-key", "s3cret"), folder);
    await expect(refused).rejects.toThrow(/could not be started: its command was not found/);
  });

  test("is said to lack its folder, and not its command, where cwd does not exist", async () => {
    const file = join(folder.path, "servers.json");
    const entry = { command: process.execPath, args: LOCAL.slice(1), cwd: join(folder.path, "gone") };
    writeFileSync(file, JSON.stringify({ mcpServers: { local: entry } }));
    await expect(connected(holdfast("--config", file), folder)).rejects.toThrow(
      /could not be started: its folder .*gone was not found: correct cwd/,
    );
  });

  test("is named in the answer to the agent when it exits at once", async () => {
    await expect(start(["--exit-at-start"])).rejects.toThrow(/could not be started: it exited with code 3/);
  });
});

describe.skipIf(process.platform === "win32")("No process outlives the proxy", () => {
  test.each([
    ["closes its input", "close"],
    ["sends it SIGTERM", "SIGTERM"],
    ["sends it SIGINT", "SIGINT"],
    ["kills it", "SIGKILL"],
  ] as const)("when the agent %s, even where the server ignores both", async (_what, end) => {
    const [pids, helpers] = [join(folder.path, "pids"), join(folder.path, "helpers")];
    const proxy = spawn(
      process.execPath,
      [HOLDFAST, "--", ...LOCAL, "--deaf", "--pid-file", pids, "--helper", helpers],
      { env: environment(folder), stdio: ["pipe", "pipe", "ignore"] },
    );
    const ended = new Promise((resolve) => proxy.once("exit", resolve));
    await expect.poll(() => pidsIn(pids).length + pidsIn(helpers).length).toBe(2);
    const processes = [...pidsIn(pids), ...pidsIn(helpers)];
    expect(processes.map(lives)).toEqual([true, true]);
    if (end === "close") proxy.stdin.end();
    else proxy.kill(end);
    await ended;
    await expect.poll(() => processes.filter(lives)).toEqual([]);
  });
});

test("stdout is the protocol and nothing else, and stderr has no arguments or results", async () => {
  const proxy = spawn(process.execPath, [HOLDFAST, "--verbose", "--", ...LOCAL, "--noise"], {
    env: environment(folder),
    stdio: ["pipe", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  proxy.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    out += chunk;
  });
  proxy.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    err += chunk;
  });
  const send = (message: object): void =>
    void proxy.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  proxy.stdin.write("this is not JSON\n");
  const params = {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "raw", version: "1" },
  };
  send({ id: 1, method: "initialize", params });
  send({ method: "notifications/initialized" });
  send({ id: 2, method: "tools/call", params: { name: "sleep", arguments: { ms: 1, secret: "s3cret" } } });
  send({ id: 3, method: "no/such" });
  await expect.poll(() => out.trim().split("\n").length).toBe(3);
  const ended = new Promise((resolve) => proxy.once("exit", resolve));
  proxy.stdin.end();
  expect(await ended).toBe(0);
  const messages = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { id: number });
  expect(messages.find(({ id }) => id === 1)).toMatchObject({ result: { protocolVersion: "2025-06-18" } });
  expect(messages.find(({ id }) => id === 2)).toMatchObject({ result: { content: [{ text: "slept 1" }] } });
  expect(messages.find(({ id }) => id === 3)).toMatchObject({ error: { code: -32601 } });
  expect(err).not.toMatch(/s3cret|slept/);
  expect(err).toContain("A line that is not JSON was dropped");
});
