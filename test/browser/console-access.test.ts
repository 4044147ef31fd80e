import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { KindsServer } from "./kinds-server.ts";
import { SHAPES } from "./kinds-tools.ts";
import { pageFaults } from "./page-faults.ts";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

/** Names, keys, sizes and colours: whether everyone can use the page, and how it looks. */
const at = testBrowser();
const SHOTS = join(import.meta.dirname, "../../results/screenshots");

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

/** Presses Tab until the focus is on what has this name. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      const labels = element instanceof HTMLInputElement ? [...(element.labels ?? [])] : [];
      return [
        element?.getAttribute("aria-label"),
        ...labels.map((label) => label.textContent),
        element?.textContent,
      ]
        .filter(Boolean)
        .join(" | ");
    });
    if (name.test(focused)) return;
  }
  throw new Error(`Tab does not reach ${name}`);
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

test("on a phone of 380 px nothing is wider than the screen, and the list is a step away", async () => {
  const page = await asking(380, 760);
  const wider = (): Promise<number> =>
    page.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  const detailWider = (): Promise<number> =>
    page.page.evaluate(() => {
      const pane = document.querySelector(".split-detail") ?? document.querySelector(".split-master");
      return pane ? pane.scrollWidth - pane.clientWidth : 0;
    });
  await shoot(page.page, "phone-question");
  expect([await wider(), await detailWider()]).toEqual([0, 0]);
  await page.pick("Edition", "published");
  await page.answer();
  await page.task.locator('.status[data-status="completed"]').waitFor();
  await page.result.locator(".json-tree").waitFor();
  await shoot(page.page, "phone-result");
  expect([await wider(), await detailWider()]).toEqual([0, 0]);
  await page.page.getByRole("link", { name: "Back to the list" }).click();
  await page.row.waitFor();
  await shoot(page.page, "phone-tasks");
  expect([await wider(), await detailWider()]).toEqual([0, 0]);
  await page.page.getByRole("link", { name: "Call", exact: true }).click();
  await page.page.locator(".tool").first().waitFor();
  expect([await wider(), await detailWider()]).toEqual([0, 0]);
  await page.chooseTool("acquire_paper");
  await showForm(page);
  await shoot(page.page, "phone-call");
  expect([await wider(), await detailWider()]).toEqual([0, 0]);
  await page.page.getByRole("link", { name: "Servers" }).click();
  expect([await wider(), await detailWider()]).toEqual([0, 0]);
});

test("the main views, light and dark, under the strict policy and without a complaint", async () => {
  const page = new TaskPage(await at.browser.context.newPage());
  const faults = pageFaults(page.page);
  await page.page.setViewportSize({ width: 1280, height: 800 });
  const reply = await page.page.goto(at.lab.page);
  const policy = reply?.headers()["content-security-policy"] ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain("unsafe");
  for (const [mode, edition] of [
    ["success", ""],
    ["tool_error", ""],
    ["rpc_error", ""],
    ["ask", "published"],
  ] as const) {
    await page.choose(`sample ${at.lab.name} ${mode === "tool_error" ? "2025-11-25" : "2026-07-28"}`);
    await page.call("acquire_paper", { doi: "10.1038/s41586-020-2649-2", stage_ms: 300, mode });
    if (edition === "")
      await page.page
        .locator("#task .time-moments")
        .getByText(/Completed|failed|Failed/)
        .waitFor();
  }
  await page.question.getByRole("combobox").waitFor();
  for (const scheme of ["light", "dark"] as const) {
    await page.page.getByLabel("Colours").selectOption(scheme);
    await shoot(page.page, `question-${scheme}`);
  }
  await page.pick("Edition", "published");
  await page.answer();
  await page.stands("completed");
  await page.result.locator(".json-tree").waitFor();
  for (const scheme of ["dark", "light"] as const) {
    await page.page.getByLabel("Colours").selectOption(scheme);
    await page.page.getByRole("link", { name: /^Tasks/ }).click();
    await page.row.waitFor();
    await shoot(page.page, `tasks-${scheme}`);
    await page.open();
    await page.result.locator(".json-tree").waitFor();
    await shoot(page.page, `task-${scheme}`);
    await page.choose(`sample ${at.lab.name} 2026-07-28`);
    await page.chooseTool("acquire_paper");
    await showForm(page);
    await shoot(page.page, `call-${scheme}`);
    await page.page.getByRole("link", { name: "Servers" }).click();
    await page.page.locator(".server").first().click();
    await page.page.locator(".server-tools li").first().waitFor();
    await shoot(page.page, `servers-${scheme}`);
  }
  expect(faults).toEqual([]);
});

/** What was called as JSON before is shown as a form. */
async function showForm(page: TaskPage): Promise<void> {
  const form = page.page.locator(".call-form");
  await form.getByText("Form", { exact: true }).click();
  await form.getByLabel("doi").waitFor();
}

async function shoot(page: Page, name: string): Promise<void> {
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}
