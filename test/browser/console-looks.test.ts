import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { faintTexts } from "./contrast.ts";
import { settled } from "./settled.ts";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

const at = testBrowser({ quiet: true });

async function openPage(prepare?: (page: Page) => Promise<void>): Promise<TaskPage> {
  const page = new TaskPage(await at.browser.context.newPage());
  await page.page.setViewportSize({ width: 1280, height: 800 });
  await prepare?.(page.page);
  await page.page.goto(at.lab.page);
  await page.ready();
  return page;
}

test.each(["light", "dark"])("every text stands out from its ground, %s", async (scheme) => {
  const page = await openPage();
  await page.page.getByLabel("Colours").selectOption(scheme);
  const faint: Record<string, readonly string[]> = {};
  const look = async (view: string): Promise<void> => {
    await settled(page.page);
    faint[view] = await faintTexts(page.page);
  };
  await look("nothing yet");
  await page.choose(`sample ${at.lab.name} 2026-07-28`);
  await look("tools");
  for (const mode of ["success", "tool_error", "rpc_error", "ask"]) {
    await page.choose(`sample ${at.lab.name} 2026-07-28`);
    await page.call("acquire_paper", { doi: "10.1/kelp", stage_ms: 60, mode });
    if (mode !== "ask") await page.task.locator(".time-moments [data-kind=ended]").waitFor();
    if (mode !== "ask") await look(mode);
  }
  await page.question.getByRole("combobox").waitFor();
  await look("question");
  await page.page.getByRole("button", { name: "1 question" }).click();
  await look("badge");
  await page.page.keyboard.press("Escape");
  await page.page.getByRole("link", { name: "Servers" }).click();
  await page.page.locator(".server").first().click();
  await page.page.locator(".server-tools li").first().waitFor();
  await look("server");
  const found = Object.entries(faint).filter(([, texts]) => texts.length > 0);
  expect(Object.fromEntries(found)).toEqual({});
});

test("nothing jumps: while the page comes, while a task runs, and when it ends", async () => {
  const page = await openPage(async (opened) => {
    await opened.addInitScript(() => {
      const shifts: string[] = [];
      Object.assign(globalThis, { shifts });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          const { value, hadRecentInput, sources } = entry as PerformanceEntry & {
            value: number;
            hadRecentInput: boolean;
            sources: { node?: Element }[];
          };
          const what = sources.map(({ node }) => node?.className || node?.nodeName).join(", ");
          if (!hadRecentInput) shifts.push(`${value.toFixed(4)} ${what}`);
        }
      }).observe({ type: "layout-shift", buffered: true });
    });
  });
  const shiftsOf = (): Promise<readonly string[]> =>
    page.page.evaluate(() => (globalThis as unknown as { shifts: string[] }).shifts);
  await page.choose(`sample ${at.lab.name} 2026-07-28`);
  await page.call("acquire_paper", { doi: "10.1/kelp", stage_ms: 700 });
  await page.stands("completed");
  await page.page.waitForTimeout(500);
  const called = await shiftsOf();
  await page.reload();
  await page.result.waitFor();
  await page.page.waitForTimeout(500);
  for (const [when, shifts] of [
    ["a call, to its result", called],
    ["a reload", await shiftsOf()],
  ] as const) {
    const sum = shifts.reduce((total, shift) => total + Number.parseFloat(shift), 0);
    console.log(`Layout shifts of ${when}: ${sum.toFixed(4)} (below 0.1 is good)`, shifts);
    expect(sum).toBeLessThan(0.1);
  }
});
