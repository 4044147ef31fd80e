import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { KindsServer } from "./kinds-server.ts";
import { SHAPES } from "./kinds-tools.ts";
import { tabTo } from "./tab-to.ts";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

/** Names and keys: whether everyone can use the page. */
const at = testBrowser({ quiet: true });

const CONTROLS: ReadonlySet<string> = new Set([
  "button",
  "checkbox",
  "combobox",
  "grid",
  "link",
  "listbox",
  "menuitem",
  "option",
  "progressbar",
  "radio",
  "searchbox",
  "spinbutton",
  "switch",
  "textbox",
]);

/** The controls a screen reader would call by nothing but their role. */
async function nameless(page: Page): Promise<readonly string[]> {
  const devtools = await at.browser.context.newCDPSession(page);
  const { nodes } = (await devtools.send("Accessibility.getFullAXTree")) as {
    nodes: {
      ignored: boolean;
      role?: { value: string };
      name?: { value: string };
      backendDOMNodeId?: number;
    }[];
  };
  const found = nodes.filter(
    ({ ignored, role, name }) => !ignored && CONTROLS.has(role?.value ?? "") && !name?.value,
  );
  const described: string[] = [];
  for (const { role, backendDOMNodeId } of found) {
    const { outerHTML } = (await devtools.send("DOM.getOuterHTML", {
      ...(backendDOMNodeId !== undefined && { backendNodeId: backendDOMNodeId }),
    })) as { outerHTML: string };
    described.push(`${role?.value}: ${outerHTML.slice(0, 200)}`);
  }
  await devtools.detach();
  return described;
}

async function asking(width: number, height: number): Promise<TaskPage> {
  const page = new TaskPage(await at.browser.context.newPage());
  await page.page.setViewportSize({ width, height });
  await page.page.goto(at.lab.page);
  await page.choose(`sample ${at.lab.name} 2026-07-28`);
  await page.call("acquire_paper", { doi: "10.1/kelp", stage_ms: 150, mode: "ask" });
  await page.question.getByRole("combobox").waitFor();
  return page;
}

test("every control of every view has a name", async () => {
  const page = await asking(1280, 800);
  expect(await nameless(page.page)).toEqual([]);
  await page.page.getByRole("button", { name: "1 question" }).click();
  await page.page.getByRole("menuitem", { name: /acquire_paper/ }).waitFor();
  expect(await nameless(page.page)).toEqual([]);
  await page.page.keyboard.press("Escape");
  await page.choose(`sample ${at.lab.name} 2025-11-25`);
  await page.chooseTool("acquire_paper");
  await page.page.locator(".call-form").getByLabel("doi").waitFor();
  expect(await nameless(page.page)).toEqual([]);
  await page.page.getByRole("link", { name: "Servers" }).click();
  await page.page.getByLabel("Authorization").selectOption("header");
  expect(await nameless(page.page)).toEqual([]);
});

test("every control of a form of all kinds of fields has a name, also those that are added to it", async () => {
  const server = await KindsServer.start(SHAPES);
  const page = new TaskPage(await at.browser.open(at.lab.page));
  await page.addServer(server.url);
  await page.choose(server.url);
  await page.chooseTool("shapes");
  await page.page.getByRole("button", { name: "Add Item" }).click();
  await page.page.getByRole("button", { name: "Remove" }).waitFor();
  expect(await nameless(page.page)).toEqual([]);
  await server.close();
});

test("keys alone lead from the call to the task, to the answer and to the result", async () => {
  const page = new TaskPage(await at.browser.open(at.lab.page));
  await page.ready();
  const { keyboard } = page.page;
  await tabTo(page.page, /^Call$/);
  await keyboard.press("Enter");
  await page.page.locator(".tool").first().waitFor();
  await tabTo(page.page, /^acquire_paper/);
  await keyboard.press("Enter");
  await page.page.locator(".call-form").getByLabel("doi").waitFor();
  await tabTo(page.page, /^doi/);
  await keyboard.press("ControlOrMeta+A");
  await keyboard.type("10.1/keys");
  await tabTo(page.page, /^stage_ms/);
  await keyboard.press("ControlOrMeta+A");
  await keyboard.type("150");
  await tabTo(page.page, /^mode/);
  await keyboard.press("ControlOrMeta+A");
  await keyboard.type("ask");
  await keyboard.press("ArrowDown");
  await keyboard.press("Enter");
  await tabTo(page.page, /^Call$/);
  await keyboard.press("Enter");
  await page.question.getByRole("combobox").waitFor();
  await tabTo(page.page, /^Edition/);
  await keyboard.type("pre");
  await keyboard.press("ArrowDown");
  await keyboard.press("Enter");
  await tabTo(page.page, /^Answer$/);
  await keyboard.press("Enter");
  await page.task.locator('.status[data-status="completed"]').waitFor();
  await tabTo(page.page, /^Copy the result/);
  expect(await page.result.textContent()).toContain("preprint");
});
