import { expect, test } from "vitest";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

const at = testBrowser({ quiet: true });

async function openPage(): Promise<TaskPage> {
  const page = new TaskPage(await at.browser.open(at.lab.page));
  await page.ready();
  return page;
}

test("two tabs: a task of one appears in the other, with the same time line, and both show its question", async () => {
  const [one, two] = [await openPage(), await openPage()];
  await one.choose(`sample ${at.lab.name} 2026-07-28`);
  await one.call("acquire_paper", { doi: "10.1/kelp", stage_ms: 400, mode: "ask" });
  for (const page of [one, two]) await page.page.getByRole("button", { name: "1 question" }).waitFor();
  await two.open();
  await two.pick("Edition", "preprint");
  await two.answer();
  for (const page of [one, two]) {
    await page.stands("completed");
    await page.page.getByRole("button", { name: "0 questions" }).waitFor();
    await page.open();
    const moments = page.task.locator(".time-moments");
    for (const text of ["Resolving", "Which edition", "Answered", "Completed"])
      await moments.getByText(text).first().waitFor();
  }
  expect(await at.lab.count("tools/call")).toBe(1);
});

test("a time line shows the reloads a task outlived, and is drawn to scale", async () => {
  const page = await openPage();
  await page.choose(`sample ${at.lab.name} 2026-07-28`);
  await page.call("acquire_paper", { doi: "10.1/kelp", stage_ms: 3_000 });
  await page.saying("Resolving");
  await page.task.getByText(/so far, next poll in \d+ s/).waitFor();
  await page.reload();
  await page.stands("completed");
  await page.task.locator(".time-moments").getByText("Survived a page reload").waitFor();
  const moments = await page.task.locator(".time-moment").evaluateAll((all) =>
    all.map((mark) => ({
      kind: mark.getAttribute("data-kind"),
      left: Number.parseFloat((mark as HTMLElement).style.left),
    })),
  );
  const times = await page.task
    .locator(".time-moments time")
    .evaluateAll((all) => all.map((time) => Date.parse((time as HTMLTimeElement).dateTime)));
  const [start = 0, end = 0] = [times.at(0), times.at(-1)];
  // Four stages of the same length.
  expect(moments.filter(({ kind }) => kind === "message")).toHaveLength(4);
  expect(end - start).toBeGreaterThanOrEqual(12_000);
  const drawn = moments.map(({ left }) => left);
  expect(drawn).toHaveLength(times.length);
  for (const [index, at] of times.entries())
    expect(drawn[index]).toBeCloseTo((100 * (at - start)) / (end - start), 1);
  expect(moments.at(-1)).toMatchObject({ kind: "ended", left: 100 });
});

test("without a network the page says so, and takes it back when there is one", async () => {
  // Of what the page had just asked the worker.
  at.expectComplaints(/ERR_INTERNET_DISCONNECTED/);
  const page = await openPage();
  await at.browser.context.setOffline(true);
  await page.page.locator("#offline").waitFor();
  await at.browser.context.setOffline(false);
  await page.page.locator("#offline").waitFor({ state: "detached" });
});

test("a page that cannot fetch the code for the worker's tasks says so, and shows its own", async () => {
  at.expectComplaints(/ERR_FAILED/);
  await at.browser.context.route("**/remote-*.js", (route) => route.abort());
  const page = await openPage();
  await page.page.getByText("The worker's tasks are not shown. Reload the page").waitFor();
  await at.browser.context.unroute("**/remote-*.js");
  await page.page.reload();
  await page.ready();
  expect(await page.page.getByText("The worker's tasks are not shown").count()).toBe(0);
});

test("a task is removed, in the other tab too, and stays so", async () => {
  const [page, other] = [await openPage(), await openPage()];
  await page.choose(`sample ${at.lab.name} 2026-07-28`);
  await page.call("acquire_paper", { doi: "10.1/kelp", stage_ms: 20 });
  await page.stands("completed");
  await other.open();
  await page.open();
  await page.task.getByRole("button", { name: "Remove" }).click();
  await page.page.getByText("Nothing has been called yet").waitFor();
  await other.page.getByText("Nothing has been called yet").waitFor();
  await other.page.getByText("It was removed").waitFor();
  await page.reload();
  await page.page.getByText("Nothing has been called yet").waitFor();
});
