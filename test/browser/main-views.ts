import type { SampleLab } from "./sample-lab.ts";
import { settled } from "./settled.ts";
import type { TaskPage } from "./task-page.ts";

/** The sizes and colours in which each view is looked at. */
const LOOKS: readonly { readonly name: string; readonly width: number; readonly height: number }[] = [
  { name: "desktop", width: 1280, height: 800 },
  { name: "phone", width: 380, height: 760 },
];
const SCHEMES = ["light", "dark"] as const;

export type See = (name: string, view: TaskPage) => Promise<void>;

/** Leads through the main views of an opened console, and shows each in every size and colour. */
export async function seeMainViews(view: TaskPage, lab: SampleLab, see: See): Promise<void> {
  const { page } = view;
  const older = `sample ${lab.name} 2025-11-25`;
  const newer = `sample ${lab.name} 2026-07-28`;
  const show = async (name: string): Promise<void> => {
    for (const look of LOOKS) {
      await page.setViewportSize({ width: look.width, height: look.height });
      for (const scheme of SCHEMES) {
        await page.getByLabel("Colours").selectOption(scheme);
        await settled(page);
        await see(`${name}-${look.name}-${scheme}`, view);
      }
    }
    const [{ width, height } = { width: 1280, height: 800 }] = LOOKS;
    await page.setViewportSize({ width, height });
  };

  await page.getByRole("link", { name: "Servers" }).click();
  await page.locator(".server").first().click();
  await page.locator(".server-tools li").first().waitFor();
  await show("servers");

  await view.choose(newer);
  await view.chooseTool("acquire_paper");
  await page.locator(".call-form").getByLabel("doi").waitFor();
  await show("call");

  // What ends, and how, so that the table has some of each.
  await view.choose(older);
  await view.call("must_task", { text: "Kelp" });
  await view.stands("completed");
  for (const mode of ["tool_error", "rpc_error"]) {
    await view.choose(mode === "tool_error" ? older : newer);
    await view.call("acquire_paper", { doi: "10.1073/pnas.1515613113", stage_ms: 40, mode });
    await view.task.locator(".time-moments [data-kind=ended]").waitFor();
  }

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

  await view.showTasks();
  await view.row.waitFor();
  await show("tasks");

  await view.open();
  await view.pick("Edition", "published");
  await view.answer();
  await view.stands("completed");
  await view.result.locator(".json-tree").waitFor();
  await show("completed");
}
