import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { axeFindings } from "../browser/axe.ts";
import { settled } from "../browser/settled.ts";
import { LoadedExtension } from "./loaded-extension.ts";
import { startInTab } from "./start-in-tab.ts";
import { TaskLab } from "./task-lab.ts";

/** Where pictures go, when they are asked for. */
const shots = process.env.SCREENSHOTS;

/** Each page in the size it has: the popup's is set by its style sheet, the panel's by the browser. */
const SIZES = {
  popup: { width: 400, height: 496 },
  panel: { width: 360, height: 760 },
  options: { width: 1100, height: 900 },
} as const;

/** Axe reads thirteen views, on a machine that does other things as well. */
const LOOKING_MS = 300_000;

let extension: LoadedExtension;

beforeAll(async () => {
  extension = await LoadedExtension.load();
});
afterAll(() => extension.remove());

describe.each(["light", "dark"] as const)("in %s colours", (colorScheme) => {
  test(
    "axe finds nothing in popup, panel and options, and each fits its width",
    async () => {
      const problems: string[] = [];
      const open = async (name: keyof typeof SIZES, hash = ""): Promise<Page> => {
        const page = await extension.page(name, hash);
        await page.setViewportSize(SIZES[name]);
        await page.emulateMedia({ colorScheme });
        return page;
      };
      const see = async (page: Page, name: string): Promise<void> => {
        await settled(page);
        if (shots !== undefined) {
          await mkdir(shots, { recursive: true });
          await page.screenshot({
            path: join(shots, `extension-${name}-${colorScheme}.png`),
            fullPage: name.startsWith("options"),
          });
        }
        for (const { rule, help, places } of await axeFindings(page))
          problems.push(`${name}: ${rule}, ${help}: ${places.join(" | ")}`);
        const isWide = await page.evaluate(
          () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
        );
        if (isWide) problems.push(`${name}: it is wider than its window`);
      };
      await extension.ask(() => chrome.storage.local.clear());
      const lab = new TaskLab();
      const server = lab.server("2026-07-28");

      const empty = await open("popup");
      await see(empty, "popup-without-servers");
      await empty.close();
      const bare = await open("options");
      await see(bare, "options-without-servers");
      await bare.close();

      await extension.addServer(server, "Papers");
      await extension.addServer(lab.server("2025-11-25"), "Older papers");
      const popup = await open("popup");
      await popup.getByRole("link", { name: "Call", exact: true }).click();
      await popup.selectOption("[name=server]", server);
      await popup.locator(".tool").first().waitFor();
      await see(popup, "popup-tools");
      await popup.locator(".tool", { hasText: "acquire_paper" }).click();
      await popup.locator("[id^=argument_doi]").first().waitFor();
      await see(popup, "popup-form");
      // Without scrolling, at the top of a form that is longer than the popup.
      const call = await popup.getByRole("button", { name: "Call", exact: true }).boundingBox();
      expect(call && call.y + call.height).toBeLessThan(SIZES.popup.height);
      expect(
        await popup
          .locator(".split-detail")
          .evaluate(
            ({ scrollHeight, clientHeight, scrollTop }) => scrollTop === 0 && scrollHeight > clientHeight,
          ),
      ).toBe(true);
      await startInTab(popup, server, "acquire_paper", { doi: "10.1126/science.adg7879", stage_ms: 60_000 });
      await popup.locator(".task-card").getByText("Resolving").waitFor();
      await see(popup, "popup-card");
      await eachOnce(popup);
      await startInTab(popup, server, "acquire_paper", { doi: "10.1/axe", mode: "ask", stage_ms: 50 });
      await popup.locator(".popup-question input").first().waitFor();
      await see(popup, "popup-question");
      await eachOnce(popup);

      const panel = await open("panel");
      await panel.locator(".task-row").first().waitFor();
      await see(panel, "panel-tasks");
      await panel.getByRole("link", { name: /question/ }).click();
      await panel.locator(".inbox-entry").first().waitFor();
      await see(panel, "panel-questions");
      await panel.locator(".inbox-entry").first().click();
      await panel.locator(".inbox-asks .question input").first().waitFor();
      await see(panel, "panel-inbox");
      await panel.getByRole("link", { name: "Open the task" }).click();
      await panel.locator(".question input").first().waitFor();
      await see(panel, "panel-question");
      await panel.getByRole("button", { name: "Decline" }).click();
      await panel.locator(".result .content-text, .result pre, .result .text-block").first().waitFor();
      await see(panel, "panel-result");
      await see(await open("panel", `#/call/${encodeURIComponent(server)}/acquire_paper`), "panel-call");
      await see(await open("options"), "options");
      for (const page of extension.chromium.context.pages().slice(1)) await page.close();
      expect(problems).toEqual([]);
      expect(extension.takeComplaints()).toEqual([]);
    },
    LOOKING_MS,
  );
});

async function eachOnce(page: Page): Promise<void> {
  const shown = await page
    .locator("[data-task]")
    .evaluateAll((all) => all.map((each) => each.getAttribute("data-task")));
  expect(shown, "each task is shown once").toEqual([...new Set(shown)]);
}
