import type { Page } from "playwright-core";
import type { SampleLab } from "./sample-lab.ts";
import { settled } from "./settled.ts";
import type { TaskPage } from "./task-page.ts";

/** The sizes in which each view is looked at: the narrowest that WCAG 2.2 asks for (1.4.10), a phone, a desk, 4K. */
export const LOOKS = [
  { name: "desktop", width: 1280, height: 800 },
  { name: "phone", width: 380, height: 760 },
  { name: "narrow", width: 320, height: 640 },
  { name: "wide", width: 2560, height: 1440 },
] as const;
export const SCHEMES = ["light", "dark"] as const;

export type See = (name: string, page: Page) => Promise<void>;

/** Shows a view in every size and colour. The page is as wide as a desk again afterwards. */
export async function inEveryLook(page: Page, name: string, see: See): Promise<void> {
  const [desktop] = LOOKS;
  for (const { name: size, width, height } of LOOKS) {
    await page.setViewportSize({ width, height });
    for (const scheme of SCHEMES) {
      await page.getByLabel("Colours").selectOption(scheme);
      await settled(page);
      await see(`${name}-${size}-${scheme}`, page);
    }
  }
  await page.setViewportSize({ width: desktop.width, height: desktop.height });
}

/** Leads through the views of an opened console, from the empty one on. */
export async function seeMainViews(view: TaskPage, lab: SampleLab, see: See): Promise<void> {
  const { page } = view;
  const older = `sample ${lab.name} 2025-11-25`;
  const newer = `sample ${lab.name} 2026-07-28`;
  const show = (name: string): Promise<void> => inEveryLook(page, name, see);

  await page.getByText("Nothing has been called yet.").waitFor();
  await show("empty");

  await page.getByRole("link", { name: "Servers" }).click();
  await page.locator(".server").first().click();
  await page.locator(".server-tools li").first().waitFor();
  await show("servers");

  await view.choose(newer);
  await view.chooseTool("acquire_paper");
  await page.locator(".call-form").getByLabel("doi").waitFor();
  await show("call");
  await page.locator(".call-form").getByText("JSON", { exact: true }).click();
  await page.locator("[name=arguments]").waitFor();
  await show("call-json");

  // What ends, and how, so that the table has some of each.
  await view.choose(older);
  await view.call("must_task", { text: "Kelp" });
  await view.stands("completed");
  for (const mode of ["tool_error", "rpc_error"]) {
    await view.choose(mode === "tool_error" ? older : newer);
    await view.call("acquire_paper", { doi: "10.1073/pnas.1515613113", stage_ms: 40, mode });
    await view.task.locator(".time-moments [data-kind=ended]").waitFor();
  }
  await show("failed");

  await view.choose(older);
  await view.call("acquire_paper", { doi: "10.1126/science.adg7879", stage_ms: 60_000 });
  await view.task.getByText("Resolving").first().waitFor();
  // Every poll is a tick on its time line.
  await view.task.locator(".time-poll").first().waitFor();
  await show("running");

  await view.choose(newer);
  await view.call("acquire_paper", { doi: "10.1038/s41586-020-2649-2", stage_ms: 400, mode: "ask" });
  await view.question.getByRole("combobox").waitFor();
  await show("question");
  await page.getByRole("button", { name: "1 question" }).click();
  await page.getByRole("menuitem").first().waitFor();
  await show("question-menu");
  await page.keyboard.press("Escape");
  await page.goto(page.url().replace(/#.*$/, "#/questions"));
  await page.locator(".inbox").waitFor();
  await show("questions");

  await view.showTasks();
  await view.row.waitFor();
  await show("tasks");
  await page.getByRole("button", { name: "Filters" }).click();
  await page.getByLabel("Select all tasks of the list").check();
  await page.getByRole("toolbar", { name: "Selected tasks" }).waitFor();
  await show("tasks-selected");
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  await page.getByLabel("Search tasks").fill("nothing is like this");
  await page.getByText("No task is like that.").waitFor();
  await show("tasks-none");
  await page.getByRole("button", { name: "Show all tasks" }).click();

  await view.open();
  await view.pick("Edition", "published");
  await view.answer();
  await view.stands("completed");
  await view.result.locator(".json-tree").waitFor();
  await show("completed");
}
