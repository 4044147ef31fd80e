import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

const at = testBrowser({ quiet: true });

interface Spoken {
  readonly role: string;
  readonly name: string;
}

/** What Chromium gives to a screen reader, without what it leaves out. */
async function spoken(page: Page): Promise<readonly Spoken[]> {
  const devtools = await page.context().newCDPSession(page);
  const { nodes } = (await devtools.send("Accessibility.getFullAXTree")) as {
    nodes: { ignored: boolean; role?: { value: string }; name?: { value: string } }[];
  };
  await devtools.detach();
  return nodes
    .filter(({ ignored }) => !ignored)
    .map(({ role, name }) => ({ role: String(role?.value), name: String(name?.value ?? "") }));
}

const OPERATED = new Set(
  "button link textbox searchbox combobox checkbox radio switch spinbutton menuitem row meter progressbar".split(
    " ",
  ),
);

/** What a person can operate or must know the meaning of, and that has no name. */
async function nameless(page: Page): Promise<readonly Spoken[]> {
  return (await spoken(page)).filter(({ role, name }) => OPERATED.has(role) && name.trim() === "");
}

test("a question and an end are announced to screen readers, whichever view is open, and each control has a name", async () => {
  const view = new TaskPage(await at.browser.open(at.lab.page));
  const { page } = view;
  const server = `sample ${at.lab.name} 2026-07-28`;
  const said = page.locator("#root > .unseen[role=status]");
  await view.choose(server);
  await view.chooseTool("acquire_paper");
  await page.locator(".call-form").getByLabel("doi").waitFor();
  expect(await nameless(page)).toEqual([]);
  await view.call("acquire_paper", { doi: "10.1/asks", stage_ms: 300, mode: "ask" });
  await view.task.waitFor();
  await page.getByRole("link", { name: "Servers" }).click();
  await expect
    .poll(() => said.textContent())
    .toBe("acquire_paper asks: Which edition of 10.1/asks should be acquired?");
  expect(await nameless(page)).toEqual([]);

  await view.choose(server);
  await view.call("acquire_paper", { doi: "10.1/refused", stage_ms: 300, mode: "rpc_error" });
  await view.task.waitFor();
  await page.getByRole("link", { name: "Worker" }).click();
  await expect.poll(() => said.textContent()).toBe("acquire_paper: failed. Upstream publisher refused");

  await view.showTasks();
  await view.row.waitFor();
  const tree = await spoken(page);
  const names = (role: string): readonly string[] =>
    tree.filter((node) => node.role === role).map(({ name }) => name);
  expect(names("link")).toContain("Tasks 1 running");
  expect(names("button")).toContain("1 question");
  expect(await page.locator(".toolbar [role=status]").textContent()).toBe("2 tasks");
  expect(await nameless(page)).toEqual([]);
});

test("text that is written from the right has its own direction, in a field and in a result", async () => {
  const view = new TaskPage(await at.browser.open(at.lab.page));
  const { page } = view;
  await view.choose(`sample ${at.lab.name} 2025-11-25`);
  await view.chooseTool("must_task");
  const field = page.locator(".call-form").getByLabel("text");
  const hebrew = "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd.";
  await field.fill(hebrew);
  expect(await field.evaluate((element) => getComputedStyle(element).unicodeBidi)).toBe("plaintext");
  await page.getByRole("button", { name: "Call", exact: true }).click();
  await view.result.locator(".plain-text").waitFor();
  // Its full stop is at its left end. In the direction of the page it would be at the right.
  const [first, last] = await view.result.locator(".plain-text").evaluate((box) => {
    const text = document.createTreeWalker(box, NodeFilter.SHOW_TEXT).nextNode();
    const leftOf = (index: number): number => {
      const range = document.createRange();
      range.setStart(text as Text, index);
      range.setEnd(text as Text, index + 1);
      return range.getBoundingClientRect().left;
    };
    return [leftOf(0), leftOf((text?.textContent?.length ?? 0) - 1)];
  });
  expect(last).toBeLessThan(Number(first));
});

test("a focus ring is there for the keyboard, and not for the mouse", async () => {
  const view = new TaskPage(await at.browser.open(at.lab.page));
  const { page } = view;
  await view.ready();
  const ringOf = (): Promise<string> =>
    page.evaluate(() => getComputedStyle(document.activeElement ?? document.body).outlineStyle);
  await page.getByRole("button", { name: "Filters" }).click();
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Filters");
  expect(await ringOf()).toBe("none");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Shift+Tab");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Filters");
  expect(await ringOf()).toBe("solid");
});
