import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { createMCPClient } from "@ai-sdk/mcp";
import { Experimental_StdioMCPTransport } from "@ai-sdk/mcp/mcp-stdio";
import { Client as ClientV2 } from "@modelcontextprotocol/client";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../bundle/package-build.ts";
import { connected, DataFolder, environment, type ProxiedClient } from "../proxy/proxied-client.ts";

const run = promisify(execFile);
const folder = new DataFolder();
const app = join(folder.path, "app");
const PEERS = ["@modelcontextprotocol/server-everything@2026.8.31", "@modelcontextprotocol/inspector@2.12.0"];

beforeAll(async () => {
  mkdirSync(app);
  writeFileSync(join(app, "package.json"), JSON.stringify({ name: "empty", private: true }));
  await run("npm", ["pack", "--pack-destination", folder.path], { cwd: ROOT });
  const [tarball = ""] = readdirSync(folder.path).filter((name) => name.endsWith(".tgz"));
  const install = [
    "install",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    join(folder.path, tarball),
    ...PEERS,
  ];
  await run("npm", install, { cwd: app });
}, 600_000);

afterAll(() => folder.remove());

interface Answer {
  readonly content: readonly { readonly text?: string }[];
  readonly structuredContent?: {
    readonly task?: string;
    readonly status?: string;
    readonly inputRequests?: readonly { readonly key: string }[];
  };
}

/** `npx holdfast` in the folder, as an agent starts it there. */
function start(...options: readonly string[]): Promise<ProxiedClient> {
  const server = ["npx", "@modelcontextprotocol/server-everything"];
  return connected(["npx", "holdfast", ...options, "--", ...server], folder, { cwd: app });
}

const caller =
  ({ client }: ProxiedClient) =>
  async (name: string, args: object): Promise<Answer> =>
    (await client.callTool({ name, arguments: { ...args } })) as Answer;

async function followed(
  call: (name: string, args: object) => Promise<Answer>,
  first: Answer,
): Promise<string> {
  let answer = first;
  while (answer.structuredContent?.status === "working")
    answer = await call("check_task", { task: answer.structuredContent.task });
  return answer.content[0]?.text ?? "";
}

/** The command in the folder with a budget of 1.5 s, so that a tool of 4 s is answered with a running result. */
const SHORT_BUDGET = {
  command: "npx",
  args: ["holdfast", "--budget", "1.5", "--", "npx", "@modelcontextprotocol/server-everything"],
  cwd: app,
  env: environment(folder),
  stderr: "ignore" as const,
};

async function comesToItsEnds(call: (name: string, args: object) => Promise<Answer>): Promise<void> {
  const running = await call("trigger-long-running-operation", { duration: 4, steps: 2 });
  expect(running.structuredContent?.status).toBe("working");
  expect(await followed(call, running)).toContain("Long running operation completed. Duration: 4 seconds");
  const research = await call("simulate-research-query", { topic: "kelp" });
  expect(await followed(call, research)).toContain("Research Report: kelp");
}

describe("Installed from its tarball in an empty folder", () => {
  test("SDK v1 with its own 60 s: the 90 s tool, a task, its question and 20 calls at once come to their ends", {
    timeout: 300_000,
  }, async () => {
    const proxied = await start();
    const call = caller(proxied);
    const long = call("trigger-long-running-operation", { duration: 90, steps: 9 }).then((first) =>
      followed(call, first),
    );
    expect(await followed(call, await call("simulate-research-query", { topic: "kelp" }))).toContain(
      "Research Report: kelp",
    );
    const asking = await call("simulate-research-query", { topic: "python", ambiguous: true });
    const { task, inputRequests } = asking.structuredContent ?? {};
    const response = { action: "accept", content: { interpretation: "snake" } };
    const answered = await call("answer_task", { task, key: inputRequests?.[0]?.key, response });
    expect(await followed(call, answered)).toContain("python (snake)");
    const many = Array.from({ length: 20 }, (_, index) => call("echo", { message: `${index}` }));
    expect((await Promise.all(many)).map(({ content }) => content[0]?.text)).toEqual(
      many.map((_call, index) => `Echo: ${index}`),
    );
    expect(await long).toBe("Long running operation completed. Duration: 90 seconds, Steps: 9.");
    await proxied.client.close();
  });

  test("Inspector 2.12's CLI, which starts the server anew for each call, has a task's result", {
    timeout: 120_000,
  }, async () => {
    const file = join(app, "servers.json");
    const entry = {
      command: "npx",
      args: ["holdfast", "--", "npx", "@modelcontextprotocol/server-everything"],
    };
    writeFileSync(file, JSON.stringify({ mcpServers: { everything: entry } }));
    const call = [
      "--method",
      "tools/call",
      "--tool-name",
      "simulate-research-query",
      "--tool-arg",
      "topic=kelp",
    ];
    const inspect = ["inspector", "--cli", "--config", file, "--server", "everything", ...call];
    const { stdout } = await run("npx", inspect, { cwd: app, env: environment(folder) });
    expect((JSON.parse(stdout) as Answer).content[0]?.text).toContain("Research Report: kelp");
  });

  test.each(["modern", "legacy"] as const)(
    "SDK v2 of the %s era comes to the ends of the 4 s tool and a task",
    {
      timeout: 120_000,
    },
    async (era) => {
      const versionNegotiation = { mode: era === "modern" ? "auto" : "legacy" } as const;
      const client = new ClientV2({ name: "v2", version: "1.0.0" }, { versionNegotiation });
      await client.connect(new StdioV2(SHORT_BUDGET));
      expect(client.getProtocolEra()).toBe(era);
      await comesToItsEnds(
        async (name, args) => (await client.callTool({ name, arguments: { ...args } })) as Answer,
      );
      await client.close();
    },
  );

  test("@ai-sdk/mcp comes to the ends of the 4 s tool and a task", { timeout: 120_000 }, async () => {
    const client = await createMCPClient({ transport: new Experimental_StdioMCPTransport(SHORT_BUDGET) });
    await comesToItsEnds(
      async (name, args) => (await client.callTool({ name, arguments: { ...args } })) as Answer,
    );
    await client.close();
  });

  test("the tarball has at most 2.4 MB, most of it for holdfast serve, and the library came without anything that the command needs", async () => {
    const [tarball = ""] = readdirSync(folder.path).filter((name) => name.endsWith(".tgz"));
    expect(statSync(join(folder.path, tarball)).size).toBeLessThanOrEqual(2_400_000);
    const { stdout } = await run("npm", ["ls", "--json", "--depth", "1", "holdfast"], { cwd: app });
    const { dependencies } = JSON.parse(stdout) as { dependencies: { holdfast: { dependencies?: object } } };
    const unknown = Object.keys(dependencies.holdfast.dependencies ?? {}).filter(
      (name) => name !== "idb-keyval",
    );
    expect(unknown).toEqual([]);
  });
});
