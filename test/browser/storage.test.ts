import { expect, test } from "vitest";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

const at = testBrowser();

async function call(page: TaskPage): Promise<void> {
  await page.choose(`sample ${at.lab.name} 2026-07-28`);
  await page.call("acquire_paper", { doi: "10.1/kelp", stage_ms: 1_200 });
}

test("without IndexedDB a task runs to its end in the page, and the page reports the problem", async () => {
  const page = new TaskPage(await at.browser.context.newPage());
  await page.page.addInitScript(() => Object.defineProperty(globalThis, "indexedDB", { value: undefined }));
  await page.page.goto(at.lab.page);
  await call(page);
  await page.page.locator("#problem").waitFor();
  await expect(page.page.locator("#problem").textContent()).resolves.toMatch(/store/);
  await page.stands("completed");
  expect(await page.resultText()).toContain("10.1/kelp");
  expect(await at.lab.count("tools/call")).toBe(1);
});

test("a database deleted under the page's hands costs no task: it is stored again, and survives a reload", async () => {
  const page = new TaskPage(await at.browser.open(at.lab.page));
  await call(page);
  await page.saying("Resolving");
  // As when a person clears the site's data: the browser closes the page's connection to it.
  const devtools = await at.browser.context.newCDPSession(page.page);
  const { origin } = new URL(at.lab.page);
  await devtools.send("Storage.clearDataForOrigin", { origin, storageTypes: "indexeddb" });
  await page.saying("Parsing pages");
  await page.reload();
  await page.stands("completed");
  expect(await page.resultText()).toContain("10.1/kelp");
  expect(await at.lab.count("tools/call")).toBe(1);
});
