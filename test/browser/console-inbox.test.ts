import { afterAll, beforeAll, expect, test } from "vitest";
import { axeFindings } from "./axe.ts";
import { type FixtureTool, KindsServer } from "./kinds-server.ts";
import { tabTo } from "./tab-to.ts";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

const at = testBrowser({ quiet: true });
let server: KindsServer;

/** Asks two things at once before it runs, and returns the answers. */
const ASKS_TWICE: FixtureTool = {
  definition: { name: "ask_twice", inputSchema: { type: "object", properties: {} } },
  run: (_args, { inputResponses }) => {
    if (inputResponses) return { content: [{ type: "text", text: JSON.stringify(inputResponses) }] };
    const ask = (name: string) => ({
      method: "elicitation/create",
      params: {
        mode: "form",
        message: `Which ${name}?`,
        requestedSchema: { type: "object", properties: { [name]: { type: "string" } }, required: [name] },
      },
    });
    const inputRequests = { first: ask("alga"), second: ask("reef") };
    return { resultType: "input_required", inputRequests, requestState: "state" };
  },
};

beforeAll(async () => {
  server = await KindsServer.start([ASKS_TWICE]);
});
afterAll(() => server.close());

async function paper(view: TaskPage, doi: string): Promise<void> {
  await view.choose(`sample ${at.lab.name} 2026-07-28`);
  await view.call("acquire_paper", { doi, stage_ms: 50, mode: "ask" });
  await view.question.waitFor();
}

test("several questions are answered one after the other, by the keyboard alone, and the inbox says who asks and since when", async () => {
  const view = new TaskPage(await at.browser.open(at.lab.page));
  const { page } = view;
  for (const doi of ["10.1/first", "10.1/second"]) await paper(view, doi);
  await page.keyboard.press("Escape");
  await tabTo(page, /^2 questions/);
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "All questions in one view" }).waitFor();
  await page.keyboard.press("ArrowUp");
  // From the first item up is the last: the one below it asks about the desktop.
  for (let presses = 0; presses < 5; presses++) {
    if (await page.evaluate(() => document.activeElement?.textContent?.startsWith("All questions"))) break;
    await page.keyboard.press("ArrowUp");
  }
  await page.keyboard.press("Enter");
  const entries = page.locator(".inbox-entry");
  await expect.poll(() => entries.count()).toBe(2);
  const [said] = await entries.allTextContents();
  expect(said).toContain("acquire_paper");
  expect(said).toContain("Sample server (2026-07-28)");
  expect(said).toContain("10.1/");
  expect(said).toMatch(/Asked \d+ s ago · \d+ .*left to answer/);
  expect((await axeFindings(page)).map(({ rule }) => rule)).toEqual([]);

  await tabTo(page, /acquire_paper/);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  const titleFocused = () => page.evaluate(() => document.activeElement?.id === "asks-title");
  for (const left of [1, 0]) {
    await expect.poll(titleFocused).toBe(true);
    expect((await axeFindings(page)).map(({ rule }) => rule)).toEqual([]);
    await tabTo(page, /Edition/);
    await page.keyboard.press("Enter");
    await page.getByRole("option", { name: "preprint" }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await tabTo(page, /^Answer/);
    await page.keyboard.press("Enter");
    await expect.poll(() => entries.count()).toBe(left);
  }
  await page.getByText("No task waits for an answer.").waitFor();
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("inbox-title");
  await view.showTasks();
  await expect.poll(() => page.locator('.status[data-status="completed"]').count()).toBe(2);
});

test("a task that asks several things at once is one entry, and its questions are answered in one place", async () => {
  const view = new TaskPage(await at.browser.open(at.lab.page));
  const { page } = view;
  await view.addServer(server.url);
  await view.choose(server.url);
  await view.call("ask_twice", {});
  await view.question.first().waitFor();
  await page.goto(`${at.lab.page}#/questions`);
  await page.locator(".inbox-entry", { hasText: "2 questions" }).click();
  const questions = page.locator(".inbox-asks .question");
  await expect.poll(() => questions.count()).toBe(2);
  await page.getByLabel("alga").fill("kelp");
  await questions.first().getByRole("button", { name: "Answer" }).click();
  await expect.poll(() => questions.count()).toBe(1);
  await page.getByLabel("reef").fill("north");
  await questions.getByRole("button", { name: "Answer" }).click();
  await page.getByText("No task waits for an answer.").waitFor();
  expect(await view.resultText()).toContain(
    '{"first":{"action":"accept","content":{"alga":"kelp"}},"second":{"action":"accept","content":{"reef":"north"}}}',
  );
});

test("an answer that the server refuses is still in its form, with the reason beside its field", async () => {
  const view = new TaskPage(await at.browser.open(at.lab.page));
  await paper(view, "10.1/kelp");
  await at.lab.arm({
    next: {
      method: "tasks/update",
      status: 400,
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: null,
        error: { code: -32602, message: "edition: the preprint is withdrawn" },
      }),
    },
  });
  at.expectComplaints(/400/);
  await view.pick("Edition", "preprint");
  await view.answer();
  await view.question
    .locator(".mantine-InputWrapper-error", { hasText: "the preprint is withdrawn" })
    .waitFor();
  expect(await view.question.getByRole("combobox", { name: "Edition" }).inputValue()).toBe("preprint");
  expect(await view.task.getByText("It will be tried again").count()).toBe(0);
  const covered = await view.question.locator(".mantine-InputWrapper-error").evaluate((error) => {
    error.scrollIntoView({ block: "center" });
    const { left, top, width, height } = error.getBoundingClientRect();
    const there = document.elementFromPoint(left + width / 4, top + height / 2);
    return !error.contains(there) && there !== error;
  });
  expect(covered).toBe(false);
  await view.page.reload();
  await view.question
    .locator(".mantine-InputWrapper-error", { hasText: "the preprint is withdrawn" })
    .waitFor();
  await view.pick("Edition", "published");
  await view.answer();
  await view.stands("completed");
});
