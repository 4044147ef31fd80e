import { afterAll, beforeAll, expect, test } from "vitest";
import { type ServerProcess, startWorker } from "../servers/processes.ts";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

/** Tasks that the worker holds: the page only starts and watches them. */
const at = testBrowser();

/** One of its own: every page of a worker shows what that worker holds. */
let worker: ServerProcess;

beforeAll(async () => {
  worker = await startWorker({ vars: { DEMO: "true" } });
});
afterAll(() => worker.kill());

async function openPage(): Promise<TaskPage> {
  return new TaskPage(await at.browser.open(`${worker.url}/`));
}

interface Listed {
  readonly id: string;
  readonly status: string;
}

async function newest(): Promise<Listed | undefined> {
  const reply = await fetch(`${worker.url}/v1/tasks?limit=1`, {
    headers: { authorization: "Bearer demo" },
  });
  return ((await reply.json()) as { tasks: Listed[] }).tasks[0];
}

test.each(["sample-2025", "sample-2026"])(
  "%s: a task whose page is closed goes on, and its result is there later",
  async (endpoint) => {
    const page = await openPage();
    await page.choose(endpoint);
    await page.call("acquire_paper", { doi: "10.1/kelp", stage_ms: 600 });
    await page.stands("working");
    const begun = await newest();
    await page.page.close();

    // No page is open: the Durable Object's alarm polls.
    let ended = await newest();
    while (ended?.id !== begun?.id || ended?.status === "working") ended = await newest();
    expect(ended?.status).toBe("completed");

    const later = await openPage();
    await later.stands("completed");
    expect(await later.resultText()).toContain("10.1/kelp");
  },
);

test("a reload where one of the worker's servers is chosen comes back to its tools", async () => {
  const page = await openPage();
  await page.choose("sample-2026");
  for (let reload = 0; reload < 3; reload++) {
    await page.reload();
    await page.page.locator('#call[data-tools-of="sample-2026"]').waitFor();
  }
});

test("an edge task's question is answered in the page, and its updates come as they happen", async () => {
  const page = await openPage();
  await page.choose("sample-2026");
  await page.call("acquire_paper", { doi: "10.1/kelp", stage_ms: 600, mode: "ask" });
  await page.question.waitFor();
  await page.pick("Edition", "published");
  await page.answer();
  await page.stands("completed");
  expect(await page.resultText()).toContain("published");
});

test("long arguments, which lists leave out, are shown when their task is opened", async () => {
  const page = await openPage();
  await page.choose("sample-2026");
  await page.call("acquire_paper", { doi: `10.1/${"kelp".repeat(1_500)}`, stage_ms: 600 });
  await page.stands("completed");
  const listed = await newest();
  expect(listed).toMatchObject({ omitted: ["arguments"] });
  await page.page.close();

  const later = await openPage();
  const task = await later.open();
  await task.locator("text=/10\\.1\\/kelpkelp/").first().waitFor();
  await later.page.close();
});
