import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { axeFindings } from "./axe.ts";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

const at = testBrowser({ quiet: true });

async function opened(): Promise<Page> {
  const view = new TaskPage(await at.browser.open(at.lab.page));
  await view.ready();
  return view.page;
}

test("the sheet of shortcuts opens by ? and by its button, names version and documentation, and closes by Escape", async () => {
  const page = await opened();
  const sheet = page.getByRole("dialog", { name: "Shortcuts and help" });
  await page.keyboard.press("?");
  await sheet.waitFor();
  await sheet.getByText(/^Holdfast \d+\.\d+\.\d+/).waitFor();
  expect(await sheet.getByRole("link", { name: "Documentation" }).getAttribute("href")).toMatch(/^https:/);
  const api = await sheet.getByRole("link", { name: "HTTP API of this worker" }).getAttribute("href");
  expect((await page.request.get(new URL(api ?? "", page.url()).href)).status()).toBe(200);
  expect((await axeFindings(page)).map(({ rule }) => rule)).toEqual([]);
  // A key in the sheet is the sheet's.
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  expect(page.url()).not.toContain("#/servers");
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "detached" });
  const button = page.getByRole("button", { name: "Help and shortcuts" });
  await button.click();
  await sheet.getByRole("button", { name: "Close the help" }).click();
  await sheet.waitFor({ state: "detached" });
  expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
});

test("keys lead to each view and to the search, are text in a field, and can be turned off", async () => {
  const page = await opened();
  for (const [key, view] of [
    ["s", "servers"],
    ["c", "call"],
    ["q", "questions"],
    ["w", "access"],
    ["t", "tasks"],
  ] as const) {
    await page.keyboard.press("g");
    await page.keyboard.press(key);
    await expect.poll(() => page.url()).toContain(`#/${view}`);
  }
  await page.keyboard.press("/");
  const search = page.getByLabel("Search tasks");
  await expect.poll(() => search.evaluate((field) => field === document.activeElement)).toBe(true);
  await page.keyboard.type("gs?/");
  expect(await search.inputValue()).toBe("gs?/");
  expect(page.url()).not.toContain("#/servers");

  await page.getByRole("button", { name: "Help and shortcuts" }).click();
  await page.getByLabel("Single-key shortcuts").click();
  await page.keyboard.press("Escape");
  await page.reload();
  await page.locator("html[data-ready]").waitFor({ state: "attached" });
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await page.keyboard.press("?");
  expect(page.url()).not.toContain("#/servers");
  expect(await page.getByRole("dialog").count()).toBe(0);
});
