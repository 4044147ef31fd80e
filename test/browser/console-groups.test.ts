import { expect, test } from "vitest";
import { axeFindings } from "./axe.ts";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

const at = testBrowser({ quiet: true });

test("tasks are grouped by tool in the address, and a group is closed and opened by the keyboard and by a click", async () => {
  const view = new TaskPage(await at.browser.open(at.lab.page));
  const { page } = view;
  const server = `sample ${at.lab.name} 2026-07-28`;
  for (const [tool, args] of [
    ["acquire_paper", { doi: "10.1/first", stage_ms: 10 }],
    ["lookup_doi", { doi: "10.1/second" }],
    ["acquire_paper", { doi: "10.1/third", stage_ms: 10, mode: "tool_error" }],
  ] as const) {
    await view.choose(server);
    await view.call(tool, args);
    await view.task.locator(".time-moments [data-kind=ended]").waitFor();
  }
  await view.showTasks();
  await page.getByRole("button", { name: /^Filters/ }).click();
  await page.getByLabel("Groups").selectOption("tool");
  await expect.poll(() => page.url()).toContain("group=tool");
  const groups = page.locator(".group-row");
  await expect.poll(() => groups.count()).toBe(2);
  const [first = "", second = ""] = await groups.allTextContents();
  expect(first).toMatch(/acquire_paper.*2 tasks · 1 not completed/);
  expect(second).toMatch(/lookup_doi.*1 task/);
  expect((await axeFindings(page)).map(({ rule }) => rule)).toEqual([]);

  await view.reload();
  const rows = page.locator(".task-row[data-task]");
  await expect.poll(() => rows.count()).toBe(3);
  await groups.first().focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => rows.count()).toBe(1);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  expect(await page.evaluate(() => document.activeElement?.getAttribute("data-task") !== null)).toBe(true);
  await page.keyboard.press("Enter");
  await view.task.waitFor();
  expect(await view.task.textContent()).toContain("lookup_doi");
  await groups.first().getByRole("button").click();
  await expect.poll(() => rows.count()).toBe(3);
  // Select all selects the tasks of the list: a group is not one.
  await page.getByRole("checkbox", { name: "Select all tasks of the list" }).click();
  await page.getByText("3 selected").waitFor();
});
