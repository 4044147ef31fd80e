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

test.each(["2025-11-25", "2026-07-28"])(
  "a %s task waits out a lost network, reloaded in it, and goes on with it",
  async (generation) => {
    const page = new TaskPage(await browser.open(lab.page));
    await page.choose(`sample ${lab.name} ${generation}`);
    await page.call("acquire_paper", { doi: "10.1/kelp", stage_ms: 800 });
    await page.saying("Resolving");
    // The page itself must load: only the servers are out of reach.
    await page.page.route("**/samples/**", (route) => route.abort("internetdisconnected"));
    await page.reload();
    await page.task.locator(".trouble:not([hidden])").waitFor();
    await expect(page.status.textContent()).resolves.toBe("working");
    await page.page.unroute("**/samples/**");
    // Going off line and on again makes the browser say `online`, which ends the wait.
    await browser.context.setOffline(true);
    await browser.context.setOffline(false);
    await page.stands("completed");
    expect(await lab.count("tools/call")).toBe(1);
  },
);
