import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { Chromium, newProfile } from "./chromium.ts";
import { SampleLab } from "./sample-lab.ts";
import { TaskPage } from "./task-page.ts";

/**
 * Leaves the log of an origin's IndexedDB as a process does that was killed in the middle of a write, and whose next life
 * has written on behind it: Chromium takes that for corruption, and deletes every database of the origin.
 */
async function tearLog(profile: string, url: string): Promise<void> {
  const { protocol, hostname, port } = new URL(url);
  const folder = join(
    profile,
    "Default/IndexedDB",
    `${protocol.slice(0, -1)}_${hostname}_${port}.indexeddb.leveldb`,
  );
  const logs = (await readdir(folder)).filter((name) => /^\d+\.log$/.test(name));
  for (const name of logs) {
    const path = join(folder, name);
    const file = await open(path, "r+");
    await file.write("torn", Math.floor((await stat(path)).size / 2));
    await file.close();
  }
  expect(logs).not.toEqual([]);
}

test("a running task outlives the loss of its database, which Chromium deletes after a torn write", async () => {
  const lab = new SampleLab();
  const profile = await newProfile();
  let browser = await Chromium.start(profile.path);
  try {
    const before = new TaskPage(await browser.open(lab.page));
    await before.choose(`sample ${lab.name} 2026-07-28`);
    await before.call("acquire_paper", { doi: "10.1/kelp", stage_ms: 2_000 });
    await before.saying("Resolving");
    await browser.kill();
    await tearLog(profile.path, inject("workerUrl"));

    browser = await Chromium.start(profile.path);
    const after = new TaskPage(await browser.open(lab.page));
    await after.page.locator("#problem").waitFor();
    expect(await after.page.locator("#problem").textContent()).toMatch(/lost the stored tasks.*1 unfinished/);
    await after.stands("completed");
    expect(await after.resultText()).toContain("10.1/kelp");
    expect(await lab.count("tools/call")).toBe(1);

    // What was settled since is no more restored than what was settled before.
    await browser.kill();
    await tearLog(profile.path, inject("workerUrl"));
    browser = await Chromium.start(profile.path);
    const last = new TaskPage(await browser.open(lab.page));
    await last.page.locator("#problem").waitFor();
    expect(await last.page.locator("#problem").textContent()).toMatch(/0 unfinished/);
    expect(await lab.count("tools/call")).toBe(1);
  } finally {
    await browser.kill();
    await profile.remove();
  }
});
