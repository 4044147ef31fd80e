import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

/** What people come for: each in three actions at most. An action is a click, a choice from a list, or a paste. */
const at = testBrowser({ quiet: true });
const MOST = 3;
const [FIRST, SECOND, THIRD, FOURTH] = ["10.1/first", "10.1/second", "10.1/third", "10.1/fourth"] as const;

/** Counts what a person does from here on. */
class Actions {
  readonly #page: Page;
  #count = 0;

  constructor(page: Page) {
    this.#page = page;
  }

  get count(): number {
    return this.#count;
  }

  async click(role: Parameters<Page["getByRole"]>[0], name: string | RegExp): Promise<void> {
    this.#count += 1;
    await this.#page
      .getByRole(role, { name, exact: typeof name === "string" })
      .first()
      .click();
  }

  async choose(label: string, option: string): Promise<void> {
    this.#count += 1;
    await this.#page.getByLabel(label, { exact: true }).selectOption(option);
  }

  async row(doi: string): Promise<void> {
    this.#count += 1;
    await rowOf(this.#page, doi).first().click();
  }

  async paste(text: string): Promise<void> {
    this.#count += 1;
    // As the browser does with what is in the clipboard.
    await this.#page
      .locator(".call-form")
      .getByLabel("doi")
      .evaluate((field, data) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData("text", data);
        field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
      }, text);
  }

  /** What was done took no more than it may. */
  done(): void {
    expect(this.#count).toBeLessThanOrEqual(MOST);
  }
}

function rowOf(page: Page, doi: string) {
  return page.locator(".task-row").filter({ hasText: doi });
}

/** Four papers were asked for: one is there, one takes long, one was refused, and one does not exist. */
async function fourPapers(): Promise<TaskPage> {
  const view = new TaskPage(await at.browser.open(at.lab.page));
  const server = `sample ${at.lab.name} 2026-07-28`;
  for (const [doi, more] of [
    [FIRST, { stage_ms: 20 }],
    [SECOND, { stage_ms: 60_000 }],
    [THIRD, { stage_ms: 20, mode: "rpc_error" }],
    [FOURTH, { stage_ms: 20, mode: "tool_error" }],
  ] as const) {
    await view.choose(server);
    await view.call("acquire_paper", { doi, ...more });
    await view.task.waitFor();
  }
  await view.showTasks();
  await expect.poll(() => view.page.locator('.status[data-status="working"]').count()).toBe(1);
  await rowOf(view.page, FOURTH).locator('[data-status="tool error"]').waitFor();
  return view;
}

test("which of my four papers is done, what came of each, and why did one fail? (no action)", async () => {
  const { page } = await fourPapers();
  await rowOf(page, FIRST).locator('[data-status="completed"]').waitFor();
  expect(await rowOf(page, FIRST).textContent()).toContain("Acquired");
  expect(await rowOf(page, FIRST).textContent()).toMatch(/took [\d.]+ m?s/);
  expect(await rowOf(page, SECOND).textContent()).toContain("Resolving");
  expect(await rowOf(page, THIRD).textContent()).toContain("Upstream publisher refused");
  expect(await rowOf(page, FOURTH).textContent()).toContain("The publisher does not hold");
});

test("call the same again; call it with one argument changed; copy the call as code", async () => {
  const view = await fourPapers();
  const { page } = view;
  const again = new Actions(page);
  await again.row(FIRST);
  await again.click("button", "Call again");
  await expect.poll(() => rowOf(page, FIRST).count()).toBe(2);
  again.done();

  const edited = new Actions(page);
  await edited.row(THIRD);
  await edited.click("button", "Edit and call");
  const doi = page.locator(".call-form").getByLabel("doi");
  expect(await doi.inputValue()).toBe(THIRD);
  await doi.fill("10.1/edited");
  await edited.click("button", "Call");
  await rowOf(page, "10.1/edited").waitFor();
  edited.done();

  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const copied = new Actions(page);
  await copied.row(FIRST);
  await copied.click("button", "Code: copy the call as code");
  const code = await page.evaluate(() => navigator.clipboard.readText());
  expect(code).toContain(`"doi": "${FIRST}"`);
  expect(code).toContain('tasks.callTool("server", "acquire_paper"');
  copied.done();
});

test("stop all that runs; remove what has ended, and put it back", async () => {
  const view = await fourPapers();
  const { page } = view;
  const stopped = new Actions(page);
  await stopped.click("checkbox", "Select all tasks of the list");
  await stopped.click("button", "Cancel 1");
  await rowOf(page, SECOND).locator('[data-status="cancelled"]').waitFor();
  stopped.done();
  await page.getByRole("button", { name: "Clear", exact: true }).click();

  const removed = new Actions(page);
  await removed.click("checkbox", "Select all tasks of the list");
  await removed.click("button", /^Remove/);
  await page.getByText("Nothing has been called yet.").waitFor();
  await removed.click("button", "Undo");
  await expect.poll(() => page.locator(".task-row").count()).toBe(4);
  removed.done();

  // What is not put back is gone for good, also for the next page.
  await rowOf(page, FIRST).click();
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await rowOf(page, FIRST).waitFor({ state: "detached" });
  await view.reload();
  await rowOf(page, SECOND).waitFor();
  await rowOf(page, FIRST).waitFor({ state: "detached" });
});

test("send somebody the list of what failed; list the tasks of one server within an hour, the longest first", async () => {
  const view = await fourPapers();
  const { page } = view;
  const failed = new Actions(page);
  await failed.choose("Which tasks", "failed");
  await expect.poll(() => page.locator(".task-row").count()).toBe(2);
  failed.done();
  // The address is the list: with a task opened in it, and in another tab.
  await rowOf(page, THIRD).click();
  await view.task.waitFor();
  expect(page.url()).toContain("status=failed");
  const other = new TaskPage(await at.browser.open(page.url()));
  await other.task.waitFor();
  await expect.poll(() => other.page.locator(".task-row").count()).toBe(2);
  await other.page.close();

  await page.goto(`${at.lab.page}#/tasks`);
  const narrowed = new Actions(page);
  await narrowed.click("button", /^Filters/);
  await narrowed.choose("Server", `sample ${at.lab.name} 2026-07-28`);
  await narrowed.choose("Order", "longest");
  narrowed.done();
  await expect.poll(async () => page.locator(".task-row").first().textContent()).toContain(SECOND);
  await page.getByLabel("Search tasks").fill("nothing is like that");
  await page.getByText("No task is like that.").waitFor();
  await page.getByRole("button", { name: "Show all tasks" }).click();
  await expect.poll(() => page.locator(".task-row").count()).toBe(4);
});

test("save several tasks with their results as one file", async () => {
  const { page } = await fourPapers();
  const saved = new Actions(page);
  await saved.click("checkbox", new RegExp(`${FIRST}`));
  await saved.click("checkbox", new RegExp(`${THIRD}`));
  const download = page.waitForEvent("download");
  await saved.click("button", "Export JSON");
  saved.done();
  const { tasks } = JSON.parse(await readFile((await (await download).path()) ?? "", "utf8")) as {
    tasks: { task: { arguments: { doi: string }; outcome: { kind: string } } }[];
  };
  expect(tasks.map(({ task }) => [task.arguments.doi, task.outcome.kind])).toEqual([
    [FIRST, "completed"],
    [THIRD, "failed"],
  ]);
});

test("call a tool with arguments from somewhere else, and again with those of the last time", async () => {
  const view = new TaskPage(await at.browser.open(at.lab.page));
  const { page } = view;
  await view.ready();
  const filled = new Actions(page);
  await filled.click("link", "Call");
  await filled.click("link", /^acquire_paper/);
  await page.locator(".call-form").getByLabel("doi").waitFor();
  await filled.paste('{ "doi": "10.1/pasted", "stage_ms": 20 }');
  await page.getByText("The form has the arguments that you pasted.").waitFor();
  filled.done();
  await page.getByRole("button", { name: "Call", exact: true }).click();
  await rowOf(page, "10.1/pasted").locator('[data-status="completed"]').waitFor();

  await view.reload();
  await page.getByRole("link", { name: "Call", exact: true }).click();
  await page.getByRole("link", { name: /^acquire_paper/ }).click();
  const doi = page.locator(".call-form").getByLabel("doi");
  await expect.poll(() => doi.inputValue()).toBe("10.1/pasted");
  // Text that is no call of the tool is the field's own.
  await doi.evaluate((field) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text", '{ "other": 1 }');
    const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
    field.dispatchEvent(event);
    if (event.defaultPrevented) throw new Error("It was taken for the whole call");
  });
});

test("answer the question that waits; see why a task was retried", async () => {
  const view = new TaskPage(await at.browser.open(at.lab.page));
  const { page } = view;
  // What Chromium says of the replies that make it try again.
  at.expectComplaints(/status of 503/);
  await view.choose(`sample ${at.lab.name} 2026-07-28`);
  await view.call("acquire_paper", { doi: FIRST, stage_ms: 20, mode: "ask" });
  await view.question.waitFor();
  await page.goto(`${at.lab.page}#/servers`);
  await view.ready();
  const found = new Actions(page);
  await found.click("button", "1 question");
  await found.click("menuitem", /acquire_paper/);
  await view.question.locator(":focus").or(page.locator(".question:focus")).first().waitFor();
  found.done();

  await view.choose(`sample ${at.lab.name} 2026-07-28`);
  await view.call("acquire_paper", { doi: SECOND, stage_ms: 1_000 });
  await view.saying("Resolving");
  await at.lab.arm({ next: { method: "tasks/get", status: 503, count: 3 } });
  await view.showTasks();
  const seen = new Actions(page);
  await seen.row(SECOND);
  await view.task.locator('.time-moments [data-kind="retry"]').waitFor();
  const wire = view.task.locator(".wire");
  await wire.getByText("HTTP 503").first().waitFor();
  await wire.locator("summary", { hasText: "tools/call" }).first().click();
  await wire.getByText('"acquire_paper"').first().waitFor();
  const download = page.waitForEvent("download");
  await seen.click("button", "HAR: download the requests as HAR");
  seen.done();
  const har = JSON.parse(await readFile((await (await download).path()) ?? "", "utf8")) as {
    log: { entries: { response: { status: number } }[] };
  };
  expect(har.log.entries.map(({ response }) => response.status)).toEqual(expect.arrayContaining([200, 503]));
});
