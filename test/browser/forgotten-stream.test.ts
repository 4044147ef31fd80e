import { afterAll, beforeAll, expect, test } from "vitest";
import { BareServer } from "../sdk/bare-server.ts";
import { EventStore } from "../sdk/event-store.ts";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

const at = testBrowser();
const events = new EventStore();
let server: BareServer;

beforeAll(async () => {
  server = await BareServer.start("2025-11-25", events.answers);
});
afterAll(() => server.close());

test("a plain call whose server forgot its response stream during a reload is lost, and says so", async () => {
  const page = new TaskPage(await at.browser.open(at.lab.page));
  await page.addServer(server.url);
  await page.choose(server.url);
  await page.call("plain", {});
  await page.showTasks();
  // The first event of the stream is stored by then.
  await page.row.locator(".status", { hasText: /./ }).waitFor();
  await expect.poll(() => events.calls).toBe(1);
  events.resumptions = [404];
  await page.reload();
  await page.stands("lost");
  expect(await (await page.open()).textContent()).toContain(
    "The response stream could not be resumed (HTTP 404)",
  );
  expect(events.calls).toBe(1);
  expect(events.resumed.length).toBeGreaterThan(0);
});
