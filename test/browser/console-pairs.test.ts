import { afterAll, beforeAll, expect, test } from "vitest";
import { EXPORT, Jobs } from "../fixtures/job-servers.ts";
import { KindsServer } from "./kinds-server.ts";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

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
