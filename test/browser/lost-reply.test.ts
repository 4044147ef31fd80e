import { expect, test } from "vitest";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

const at = testBrowser();

/** The server does the work, but its reply never reaches the page. Then the page is reloaded. */
async function callWithoutReply(generation: string): Promise<TaskPage> {
  const page = new TaskPage(await at.browser.open(at.lab.page));
  await page.choose(`sample ${at.lab.name} ${generation}`);
  await at.lab.arm({ next: { method: "tools/call", dropReply: true, count: 1 } });
  await page.call("acquire_paper", { doi: "10.1/kelp", stage_ms: 300 });
  await expect.poll(() => at.lab.count("tools/call"), { timeout: 20_000 }).toBe(1);
  await page.reload();
  await page.showTasks();
  return page;
}

test("2025-11-25: a call whose reply never arrived is found again by tasks/list", async () => {
  const page = await callWithoutReply("2025-11-25");
  await page.stands("completed");
  expect(await page.resultText()).toContain("10.1/kelp");
  expect(await at.lab.count("tools/call")).toBe(1);
  expect(await at.lab.count("tasks/list")).toBeGreaterThan(0);
});

test("2026-07-28: a call whose reply never came is reported lost, never sent again", async () => {
  const page = await callWithoutReply("2026-07-28");
  await page.stands("lost");
  expect(await page.row.locator(".message").textContent()).not.toBe("");
  expect(await at.lab.count("tools/call")).toBe(1);
});
