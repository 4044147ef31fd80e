import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ROOT } from "../bundle/package-build.ts";
import { EffectServer } from "./effect-server.ts";
import { connected, DataFolder, EVERYTHING, holdfast } from "./proxied-client.ts";

let folder: DataFolder;
let remote: EffectServer;
beforeEach(async () => {
  folder = new DataFolder();
  remote = await EffectServer.start({ generation: "2026-07-28", workMs: 300 });
});
afterEach(() => {
  remote.close();
  folder.remove();
});

test("A file with several servers is one server to the agent, and tools of one name get different names", async () => {
  const [command = "", ...args] = EVERYTHING;
  const local = { command: process.execPath, args: [`${ROOT}test/proxy/local-server.mjs`] };
  const file = join(folder.path, "servers.json");
  const mcpServers = {
    everything: { command, args },
    left: local,
    right: { ...local, env: { NAME: "right" } },
    papers: { type: "http", url: remote.url },
    away: { command: "/no/such/server" },
    off: { command: "/no/such/server", disabled: true },
  };
  writeFileSync(file, `// Comments are allowed.\n${JSON.stringify({ mcpServers })}`);
  const { client } = await connected(holdfast("--config", file), folder);
  expect(client.getServerVersion()).toMatchObject({ name: "holdfast" });
  expect(client.getInstructions()).toContain("## everything");
  const names = (await client.listTools()).tools.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(["echo", "work", "left_count", "right_count", "check_task"]));
  expect(names).not.toContain("count");
  const text = async (name: string, given: object = {}): Promise<unknown> => {
    const { content } = await client.callTool({ name, arguments: { ...given } });
    return (content as { text: string }[])[0]?.text;
  };
  expect(await text("left_sleep", { ms: 1 })).toBe("slept 1");
  expect(await Promise.all([text("left_count"), text("right_count")])).toEqual(["1", "0"]);
  // A remote server of the newer generation beside local ones of the older.
  expect(await text("work", { key: "a" })).toBe("done a");
  expect(await text("echo", { message: "hi" })).toBe("Echo: hi");
  await expect(client.callTool({ name: "count", arguments: {} })).rejects.toThrow(/Unknown tool/);
  const { resources } = await client.listResources();
  const [first] = resources;
  expect((await client.readResource({ uri: first?.uri ?? "" })).contents).toHaveLength(1);
  expect((await client.readResource({ uri: "demo://resource/dynamic/text/1" })).contents).toHaveLength(1);
  expect((await client.getPrompt({ name: "simple-prompt" })).messages.length).toBeGreaterThan(0);
  const completed = await client.complete({
    ref: { type: "ref/prompt", name: "completable-prompt" },
    argument: { name: "department", value: "E" },
  });
  expect(completed.completion.values).toContain("Engineering");
  await client.close();
});
