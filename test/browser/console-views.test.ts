import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { axeFindings, findingText } from "./axe.ts";
import { LOOKS, SCHEMES, seeMainViews } from "./main-views.ts";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

const at = testBrowser({ quiet: true });
/** Where pictures go, when they are asked for: `npm run screenshots`. */
const shots = process.env.SCREENSHOTS;

test("axe finds nothing in any view of the console, light and dark, from 320 to 2560 px, and nothing is too wide", {
  // 104 looks of half a second each on a quiet machine.
  timeout: 600_000,
}, async () => {
  const page = await at.browser.context.newPage();
  await page.setViewportSize({ width: 1280, height: 800 });
  const reply = await page.goto(at.lab.page);
  const policy = reply?.headers()["content-security-policy"] ?? "";
  expect(reply?.headers()["cross-origin-opener-policy"]).toBe("same-origin");
  expect(reply?.headers()["permissions-policy"]).toContain("camera=()");
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain("unsafe");
  const found: string[] = [];
  const wide: string[] = [];
  const seen: string[] = [];
  await seeMainViews(new TaskPage(page), at.lab, async (name) => {
    seen.push(name);
    if (shots !== undefined) await shoot(page, join(shots, `${name}.png`));
    const { tooWide } = await page.evaluate(() => ({
      tooWide: [document.documentElement, ...document.querySelectorAll(".split-master, .split-detail")]
        .filter((pane) => pane.scrollWidth > pane.clientWidth)
        .map((pane) => pane.className || pane.nodeName),
    }));
    wide.push(...tooWide.map((pane) => `${name}: ${pane}`));
    found.push(...(await axeFindings(page)).map((finding) => `${name}: ${findingText(finding)}`));
  });
  expect(seen.length).toBe(104);
  // The rest of the page cannot be used while it is open, its colours neither.
  for (const scheme of SCHEMES) {
    await page.getByLabel("Colours").selectOption(scheme);
    await page.getByRole("button", { name: "Help and shortcuts" }).click();
    for (const { name, width, height } of LOOKS) {
      await page.setViewportSize({ width, height });
      if (shots !== undefined) await shoot(page, join(shots, `help-${name}-${scheme}.png`));
      found.push(
        ...(await axeFindings(page)).map((finding) => `help-${name}-${scheme}: ${findingText(finding)}`),
      );
    }
    await page.keyboard.press("Escape");
  }
  await page.setViewportSize({ width: 380, height: 760 });
  await page.getByRole("link", { name: "Back to the list" }).click();
  await page.locator('.task-row[data-index="0"]').waitFor();
  expect(wide).toEqual([]);
  expect(found).toEqual([]);
});

async function shoot(page: Page, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await page.screenshot({ path });
}
