import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { EXPORT, Jobs } from "../fixtures/job-servers.ts";
import { KindsServer } from "./kinds-server.ts";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";
import { until } from "./until.ts";

const at = testBrowser({ quiet: true });
const jobs = new Jobs();
let server: KindsServer;

beforeAll(async () => {
  server = await KindsServer.start(
    EXPORT.tools.map((definition) => ({
      definition,
      run: (args) => ({ ...EXPORT.call(jobs, definition.name, args) }),
    })),
  );
});
afterAll(() => server.close());
beforeEach(() => {
  jobs.all.length = 0;
  jobs.looks = 2;
  server.calls.length = 0;
});

/** Adds the server, and uses its three tools as one task. */
async function paired(): Promise<TaskPage> {
  const page = new TaskPage(await at.browser.open(at.lab.page));
  await page.addServer(server.url);
  const view = page.page.locator(".server-view");
  await view.getByText("start_export, get_export, stop_export").click();
  await view.getByLabel("Description of export").fill(JSON.stringify({ export: EXPORT.pair }));
  await Promise.all([
    page.page.waitForEvent("load"),
    view.getByRole("button", { name: "Use as one task" }).click(),
  ]);
  return page;
}

const starts = (): number => server.calls.filter(({ tool }) => tool === "start_export").length;

/** A page that has started a job, and shows it while it runs. */
async function running(): Promise<TaskPage> {
  jobs.looks = 1_000_000;
  const page = await paired();
  await page.choose(server.url);
  await page.call("export", EXPORT.args);
  await page.showTasks();
  await page.stands("working");
  await until("a poll", () => server.calls.some(({ tool }) => tool === "get_export") || undefined);
  return page;
}

function endJobs(): void {
  for (const job of jobs.all) job.looks = 0;
}

async function expectTheExport(page: TaskPage): Promise<void> {
  await page.stands("completed");
  expect(await page.resultText()).toContain(EXPORT.outcome);
  expect(await page.page.locator(".task-row").count()).toBe(1);
  expect(starts()).toBe(1);
  expect(jobs.all).toHaveLength(1);
}

test("the job of a pair outlives two reloads of its page: one start, one result", async () => {
  const page = await running();
  await page.reload();
  await page.stands("working");
  await page.reload();
  endJobs();
  await expectTheExport(page);
});

test("the job of a pair outlives the browser: what IndexedDB holds brings the result", async () => {
  await running();
  await at.killAndRestart();
  endJobs();
  await expectTheExport(new TaskPage(await at.browser.open(at.lab.page)));
});

test("tools that look like one task are shown; confirmed and corrected, they are one tool, and its call a task", async () => {
  const page = new TaskPage(await at.browser.open(at.lab.page));
  await page.addServer(server.url);
  const view = page.page.locator(".server-view");
  await view.getByText("These look like one task").waitFor();
  await view.getByText("start_export, get_export, stop_export").click();
  await view.getByText("both are about export").waitFor();
  expect(await view.textContent()).toContain("To check: start.id, status.status");
  const description = view.getByLabel("Description of export");
  await description.fill('{ "export": { "start": { "tool": "start_export" } } }');
  await view.getByRole("button", { name: "Use as one task" }).click();
  await view.getByText("export.status is missing").waitFor();
  await description.fill(JSON.stringify({ export: EXPORT.pair }));
  await Promise.all([
    page.page.waitForEvent("load"),
    view.getByRole("button", { name: "Use as one task" }).click(),
  ]);
  await view.getByRole("link", { name: "export", exact: true }).waitFor();
  expect(await view.getByRole("link", { name: "start_export" }).count()).toBe(0);
  expect(await view.getByText("These look like one task").count()).toBe(0);
});
