import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ROOT } from "../bundle/package-build.ts";
import {
  connected,
  DataFolder,
  environment,
  HOLDFAST,
  holdfast,
  type ProxiedClient,
} from "./proxied-client.ts";

const COMMAND = holdfast("--budget", "0.2", "--", process.execPath, `${ROOT}test/proxy/local-server.mjs`);

let folder: DataFolder;
beforeEach(() => {
  folder = new DataFolder();
});
afterEach(() => folder.remove());

async function sleeps({ client }: ProxiedClient, ms: number): Promise<string> {
  const { content } = await client.callTool({ name: "sleep", arguments: { ms } });
  return (content as { text: string }[])[0]?.text ?? "";
}

function stores(): readonly string[] {
  return readdirSync(folder.path, { recursive: true, encoding: "utf8" });
}

test("The proxy serves from memory where its folder cannot be used, and says so", async () => {
  const file = join(folder.path, "file");
  writeFileSync(file, "");
  const proxied = await connected(COMMAND, folder, { env: { HOLDFAST_DATA: join(file, "data") } });
  expect(await sleeps(proxied, 1)).toBe("slept 1");
  expect(await sleeps(proxied, 30_000)).toContain("check_task");
  expect(proxied.stderr()).toMatch(
    /Tasks end with this process, since nothing can be stored in .*ENOTDIR.*HOLDFAST_DATA/,
  );
  await proxied.client.close();
});

test("The proxy serves from memory where its folder is below /proc, in which no folder can be made", async () => {
  const proxied = await connected(COMMAND, folder, { env: { HOLDFAST_DATA: "/proc/holdfast/data" } });
  expect(await sleeps(proxied, 1)).toBe("slept 1");
  expect(proxied.stderr()).toMatch(/nothing can be stored in \/proc.*ENOENT.*HOLDFAST_DATA/);
  await proxied.client.close();
});

test("The proxy sets a damaged store aside and serves on", async () => {
  const before = await connected(COMMAND, folder);
  expect(await sleeps(before, 30_000)).toContain("check_task");
  await before.client.close();
  const [store = ""] = stores().filter((name) => name.endsWith(".db"));
  // The lock, too: a full disk may have cut both.
  for (const name of [store, store.replace(/\.db$/, ".lock")])
    writeFileSync(join(folder.path, name), "no database".repeat(1_000));
  const listed = (): string =>
    execFileSync(process.execPath, [HOLDFAST, "tasks"], { env: environment(folder), encoding: "utf8" });
  expect(listed()).toContain("There are no tasks");
  const after = await connected(COMMAND, folder);
  expect(await sleeps(after, 1)).toBe("slept 1");
  await expect
    .poll(() => after.stderr(), { timeout: 20_000 })
    .toMatch(/\.db\.damaged is damaged .*its tasks are lost/);
  expect(stores()).toContain(`${store}.damaged`);
  await after.client.close();
});
