import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { until } from "../browser/until.ts";
import { LoadedExtension } from "./loaded-extension.ts";
import { SmallSite, TOKEN } from "./small-site.ts";
import { startInTab } from "./start-in-tab.ts";
import { TaskLab } from "./task-lab.ts";

let extension: LoadedExtension;
let site: SmallSite;

beforeAll(async () => {
  [extension, site] = await Promise.all([LoadedExtension.load(), SmallSite.start(inject("workerUrl"))]);
});
afterAll(async () => {
  site.close();
  await extension.remove();
});

test("the options say what is stored, export it without secrets, and delete it", async () => {
  const lab = new TaskLab();
  const server = `${site.origin}/samples/${lab.name}/2026-07-28/mcp`;
  await extension.addServer(server, "Guarded", TOKEN);
  const popup = await extension.page("popup");
  await startInTab(popup, server, "acquire_paper", { doi: "10.1/ended", stage_ms: 20 });
  await popup.locator(".task-card .status[data-status=completed]").waitFor();
  await startInTab(popup, server, "acquire_paper", { doi: "10.1/runs", stage_ms: 60_000 });
  await popup.locator(".task-card").getByText("Resolving").waitFor();
  await popup.close();
  await extension.badge("1");

  const page = await extension.page("options");
  await page.selectOption("[name=target-tool]", "acquire_paper");
  await page.click("button[name=add-target]");
  const section = page.locator(".stored");
  const row = (what: string) => section.locator("tr", { hasText: what }).locator("td").first();
  await row("Headers and sign-ins").getByText("0 in memory, 1 on disk").waitFor();
  await row("Tasks").getByText("2, of which 1 not finished").waitFor();
  await row("Entries").getByText("1", { exact: true }).waitFor();
  await section.getByText("http://127.0.0.1/*").waitFor();

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    section.getByRole("button", { name: "Export as JSON" }).click(),
  ]);
  const text = await readFile(await download.path(), "utf8");
  expect(text).not.toContain(TOKEN);
  const file = JSON.parse(text) as { readonly tasks: readonly unknown[] };
  expect(file).toMatchObject({
    servers: [{ url: server, name: "Guarded" }],
    menuEntries: [{ tool: "acquire_paper" }],
    tasks: [
      { task: { arguments: { doi: "10.1/ended" }, status: "completed" } },
      { task: { arguments: { doi: "10.1/runs" } } },
    ],
  });
  expect(JSON.stringify(file.tasks[0])).toContain("references");

  await section.getByRole("button", { name: "Delete ended tasks" }).click();
  await section.getByRole("button", { name: "Delete 1 task for good" }).click();
  await section.getByText("1 task deleted.").waitFor();
  await row("Tasks").getByText("1, of which 1 not finished").waitFor();

  await section.getByRole("button", { name: "Delete everything" }).click();
  await section.getByText("1 task not finished: they continue at their servers").waitFor();
  await section.getByRole("button", { name: "Cancel" }).click();
  await section.getByRole("button", { name: "Delete everything", exact: true }).click();
  await Promise.all([
    page.waitForEvent("load"),
    section.getByRole("button", { name: "Delete everything for good" }).click(),
  ]);
  await row("Tasks").getByText("0", { exact: true }).waitFor();
  await extension.badge("");
  const polls = await lab.count("tasks/get");
  const left = await extension.ask(async () => {
    const rows: string[] = [];
    for (const { name = "" } of await indexedDB.databases()) {
      const opening = indexedDB.open(name);
      await new Promise((resolve) => opening.addEventListener("success", resolve));
      for (const store of opening.result.objectStoreNames) {
        const counting = opening.result.transaction(store).objectStore(store).getAllKeys();
        await new Promise((resolve) => counting.addEventListener("success", resolve));
        rows.push(...counting.result.map((key) => `${name}/${store}/${String(key)}`));
      }
      opening.result.close();
    }
    return {
      rows,
      copies: await Promise.all(
        (await caches.keys()).map(async (name) =>
          (await (await caches.open(name)).keys()).map(({ url }) => url),
        ),
      ),
      local: await chrome.storage.local.get(),
      session: await chrome.storage.session.get(),
      notices: Object.keys(await chrome.notifications.getAll()),
      alarms: await chrome.alarms.getAll(),
    };
  });
  // The mark says that this database has nothing to restore; it names no task.
  expect({
    ...left,
    rows: left.rows.filter((row) => !row.endsWith("/complete")),
    copies: left.copies.flat(),
  }).toEqual({ rows: [], copies: [], local: {}, session: {}, notices: [], alarms: [] });
  // The next worker finds nothing either, and asks no server.
  await extension.stopWorker();
  await page.reload();
  await row("Tasks").getByText("0", { exact: true }).waitFor();
  await until("the worker has started", () => extension.workerTarget());
  expect(await lab.count("tasks/get")).toBe(polls);
  expect(extension.takeComplaints()).toEqual([]);
});
