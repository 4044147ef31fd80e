import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Chromium, newProfile } from "./chromium.ts";
import { closePages } from "./failure-report.ts";
import { SampleLab } from "./sample-lab.ts";
import { TaskPage } from "./task-page.ts";

let profile: Awaited<ReturnType<typeof newProfile>>;
let browser: Chromium;
let lab: SampleLab;

beforeAll(async () => {
  profile = await newProfile();
  browser = await Chromium.start(profile.path);
});
afterAll(async () => {
  await browser.kill();
  await profile.remove();
});
beforeEach(() => {
  lab = new SampleLab();
});
afterEach((context) => closePages(browser, context, lab));

/** The server does the work, and the page never hears of it: then it is reloaded. */
async function callWithoutReply(generation: string): Promise<TaskPage> {
  const page = new TaskPage(await browser.open(lab.page));
  await page.choose(`sample ${lab.name} ${generation}`);
  await lab.arm({ next: { method: "tools/call", dropReply: true, count: 1 } });
  await page.call("acquire_paper", { doi: "10.1/kelp", stage_ms: 300 });
  await expect.poll(() => lab.count("tools/call"), { timeout: 20_000 }).toBe(1);
  await page.reload();
  return page;
}

test("2025-11-25: a call whose reply never came is found again by tasks/list", async () => {
  const page = await callWithoutReply("2025-11-25");
  await page.stands("completed");
  expect(await page.result.textContent()).toContain("10.1/kelp");
  expect(await lab.count("tools/call")).toBe(1);
  expect(await lab.count("tasks/list")).toBeGreaterThan(0);
});

test("2026-07-28: a call whose reply never came is reported lost, never sent again", async () => {
  const page = await callWithoutReply("2026-07-28");
  await page.stands("lost");
  expect(await page.task.locator(".message").textContent()).not.toBe("");
  expect(await lab.count("tools/call")).toBe(1);
});
