import { expect, test } from "vitest";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

const at = testBrowser();

test.each(["2025-11-25", "2026-07-28"])(
  "a %s task waits out a lost network, reloaded in it, and goes on with it",
  async (generation) => {
    const page = new TaskPage(await at.browser.open(at.lab.page));
    await page.choose(`sample ${at.lab.name} ${generation}`);
    await page.call("acquire_paper", { doi: "10.1/kelp", stage_ms: 1_500 });
    await page.saying("Resolving");
    // The page itself must load: only the servers are out of reach.
    await page.page.route("**/samples/**", (route) => route.abort("internetdisconnected"));
    await page.reload();
    await page.row.locator(".retry").waitFor();
    await expect(page.status.textContent()).resolves.toBe("working");
    await page.page.unroute("**/samples/**");
    // Going off line and on again makes the browser say `online`, which ends the wait.
    await at.browser.context.setOffline(true);
    await at.browser.context.setOffline(false);
    await page.stands("completed");
    expect(await at.lab.count("tools/call")).toBe(1);
  },
);

test("a task that ended after a retry is not shown as retrying", async () => {
  const page = new TaskPage(await at.browser.open(at.lab.page));
  await page.choose(`sample ${at.lab.name} 2026-07-28`);
  await page.page.route("**/samples/**", (route) =>
    /tasks\/get|subscriptions/.test(route.request().postData() ?? "")
      ? route.abort("internetdisconnected")
      : route.continue(),
  );
  await page.call("acquire_paper", { doi: "10.1/kelp", stage_ms: 20 });
  await page.row.locator(".retry").waitFor();
  await page.page.unroute("**/samples/**");
  await at.browser.context.setOffline(true);
  await at.browser.context.setOffline(false);
  await page.stands("completed");
  expect(await page.row.locator(".retry").count()).toBe(0);
});

test.each(["2025-11-25", "2026-07-28"])(
  "a %s call made off line is made once when the network is back, in a page opened since",
  async (generation) => {
    const page = new TaskPage(await at.browser.open(at.lab.page));
    await page.choose(`sample ${at.lab.name} ${generation}`);
    await page.chooseTool("acquire_paper");
    await at.browser.context.setOffline(true);
    try {
      await page.call("acquire_paper", { doi: "10.1/kelp", stage_ms: 20 });
      await page.showTasks();
      await page.stands("queued");
      await page.page.close();
      // The page itself must load: only the servers are out of reach.
      await at.browser.context.route("**/samples/**", (route) => route.abort("internetdisconnected"));
    } finally {
      await at.browser.context.setOffline(false);
    }
    const later = new TaskPage(await at.browser.open(at.lab.page));
    await later.row.locator(".retry").waitFor();
    await later.stands("queued");
    expect(await at.lab.count("tools/call")).toBe(0);
    await at.browser.context.unroute("**/samples/**");
    await at.browser.context.setOffline(true);
    await at.browser.context.setOffline(false);
    await later.stands("completed");
    expect(await later.resultText()).toContain("10.1/kelp");
    expect(await at.lab.count("tools/call")).toBe(1);
  },
);
