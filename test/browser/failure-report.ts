import type { TestContext } from "vitest";
import type { Chromium } from "./chromium.ts";
import type { SampleLab } from "./sample-lab.ts";

/** For `afterEach`: closes the test's pages, and says what was on the screens and on the wire when it failed. */
export async function closePages(browser: Chromium, { task }: TestContext, lab?: SampleLab): Promise<void> {
  const failed = task.result?.state === "fail";
  for (const page of browser.context.pages().slice(1)) {
    if (failed) console.error((await page.locator("#tasks").textContent()) ?? "");
    await page.close();
  }
  if (!failed || !lab) return;
  for (const { http, method, status } of await lab.wire()) console.error(method ?? http, status);
}
