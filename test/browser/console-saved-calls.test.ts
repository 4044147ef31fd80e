import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { axeFindings } from "./axe.ts";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

const at = testBrowser({ quiet: true });

const saved = (page: Page) => page.locator(".saved-list > li");

async function openForm(view: TaskPage): Promise<void> {
  await view.choose(`sample ${at.lab.name} 2026-07-28`);
  await view.chooseTool("acquire_paper");
  await view.page.locator(".call-form").getByLabel("doi").waitFor();
}

/** Saves what the open form has, by the keyboard. */
async function save(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: "Save this call…" }).press("Enter");
  await page.getByLabel("Name of the call").fill(name);
  await page.keyboard.press("Enter");
  await page.getByText(`Saved as “${name}”.`).waitFor();
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Save this call…");
}

test("a call is saved by name, opened in its form, made at once, and removed with undo; a reload keeps it", async () => {
  const view = new TaskPage(await at.browser.open(at.lab.page));
  const { page } = view;
  await openForm(view);
  const doi = page.locator(".call-form").getByLabel("doi");
  await doi.fill("10.1/kelp");
  await save(page, "Kelp paper");
  await doi.fill("10.1/reef");
  await save(page, "A reef paper");
  // Saving did not call.
  expect(await at.lab.count("tools/call")).toBe(0);
  expect(await saved(page).allTextContents()).toEqual([
    expect.stringContaining("A reef paper"),
    expect.stringContaining("Kelp paper"),
  ]);
  expect((await axeFindings(page)).map(({ rule }) => rule)).toEqual([]);
  await view.reload();
  await saved(page).filter({ hasText: "Kelp paper" }).locator(".saved-call").click();
  await expect.poll(() => doi.inputValue()).toBe("10.1/kelp");
  await saved(page).filter({ hasText: "A reef" }).locator(".saved-call").click();
  await expect.poll(() => doi.inputValue()).toBe("10.1/reef");

  await page.getByRole("button", { name: "Call Kelp paper", exact: true }).click();
  await view.task.waitFor();
  expect(await view.row.textContent()).toContain("10.1/kelp");

  await openForm(view);
  await page.getByRole("button", { name: "Remove the saved call Kelp paper" }).click();
  await expect.poll(() => saved(page).count()).toBe(1);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => saved(page).count()).toBe(2);
});

test("saved calls are exported to a file and imported from it; a file that is something else is refused", async () => {
  const view = new TaskPage(await at.browser.open(at.lab.page));
  const { page } = view;
  await openForm(view);
  await page.locator(".call-form").getByLabel("doi").fill("10.1/kelp");
  await save(page, "Kelp paper");
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export" }).click();
  const path = (await (await download).path()) ?? "";
  const file = JSON.parse(await readFile(path, "utf8")) as { calls: { name: string; arguments: object }[] };
  expect(file.calls).toMatchObject([
    { name: "Kelp paper", tool: "acquire_paper", arguments: { doi: "10.1/kelp" } },
  ]);
  await page.getByRole("button", { name: /^Remove the saved call/ }).click();
  await expect.poll(() => saved(page).count()).toBe(0);

  const input = page.getByLabel("A file of saved calls");
  await input.setInputFiles(path);
  await page.getByText("1 call was imported.").waitFor();
  await expect.poll(() => saved(page).count()).toBe(1);
  const upload = (text: string) => ({
    name: "a.json",
    mimeType: "application/json",
    buffer: Buffer.from(text),
  });
  for (const [text, problem] of [
    ["no", "The file is not JSON"],
    ["[]", "The file has no saved calls"],
    ['{"calls":[{"name":"x"}]}', "1 of 1 entries of the file are not saved calls"],
  ] as const) {
    await input.setInputFiles(upload(text));
    await page.getByRole("alert").filter({ hasText: problem }).waitFor();
  }
  await input.setInputFiles(
    upload(
      JSON.stringify({
        calls: [{ name: "Far", server: "https://far.example/mcp", tool: "t", arguments: {} }],
      }),
    ),
  );
  await page.getByText("1 more is of servers that are not listed here now.").waitFor();
  await expect.poll(() => saved(page).count()).toBe(1);
});
