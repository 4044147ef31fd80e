import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ofOne } from "../../proxy/configuration/server-spec.ts";
import { StoreFolder } from "../../proxy/store/store-folder.ts";
import { DataFolder } from "./proxied-client.ts";

const CONFIGURATION = ofOne({ kind: "local", name: "a", command: "a", args: [], env: {} });

let data: DataFolder;
const holders: ChildProcess[] = [];
beforeEach(() => {
  data = new DataFolder();
});
afterEach(() => {
  for (const holder of holders.splice(0)) holder.kill("SIGKILL");
  data.remove();
});

/** A process that has the lock of the only store. Resolves when it has. */
async function held(): Promise<ChildProcess> {
  const stores = join(data.path, "stores", CONFIGURATION.key);
  const [lock = ""] = readdirSync(stores).filter((name) => name.endsWith(".lock"));
  const script = `
    const { DatabaseSync } = require("node:sqlite");
    const db = new DatabaseSync(${JSON.stringify(join(stores, lock))});
    db.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    console.log("held");
    setInterval(() => db, 1_000);
  `;
  const holder = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "ignore"] });
  holders.push(holder);
  if (holder.stdout) await once(holder.stdout, "data");
  return holder;
}

test("StoreFolder.adopt() takes a store whose lock another process had for a moment only", async () => {
  const folder = StoreFolder.of(data.path, CONFIGURATION);
  (await folder.create("agent")).release();
  const holder = await held();
  const adopting = StoreFolder.of(data.path, CONFIGURATION).adopt("agent", false);
  holder.kill("SIGKILL");
  const adopted = await adopting;
  expect(adopted).toHaveLength(1);
  for (const owned of adopted) owned.release();
});

test("StoreFolder.adopt() leaves a store alone that a living process owns, or this one", async () => {
  const folder = StoreFolder.of(data.path, CONFIGURATION);
  const own = await folder.create("agent");
  expect(await folder.adopt("agent", true)).toEqual([]);
  own.release();
  await held();
  expect(await folder.adopt("agent", true)).toEqual([]);
});
