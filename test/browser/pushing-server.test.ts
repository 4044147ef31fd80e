import { expect, test } from "vitest";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";

const at = testBrowser();

/** Runs a task of eight seconds, whose server asks to be polled every second, and counts what it took. */
async function requestsOfOneTask(generation: string): Promise<Record<string, number>> {
  const { lab } = at;
  const page = new TaskPage(await at.browser.open(lab.page));
  await page.choose(`sample ${lab.name} ${generation}`);
  await lab.clearWire();
  await page.call("acquire_paper", { doi: "10.1/kelp", stage_ms: 2_000 });
  await page.stands("completed");
  const counts: Record<string, number> = {};
  for (const { method = "other" } of await lab.wire()) counts[method] = (counts[method] ?? 0) + 1;
  return counts;
}

test("2025-11-25: a task that is pushed costs its call, a stream, at most one poll, and its result", async () => {
  // The GET stream has no method. It is open only while something runs.
  const { "tasks/get": polls = 0, other: streams = 0, ...others } = await requestsOfOneTask("2025-11-25");
  expect(polls).toBeLessThanOrEqual(1);
  expect(streams).toBeLessThanOrEqual(1);
  expect(others).toEqual({ "tools/call": 1, "tasks/result": 1 });
});

test("2026-07-28: a task that is pushed costs its call, one subscription, and at most one poll", async () => {
  const { "tasks/get": polls = 0, ...others } = await requestsOfOneTask("2026-07-28");
  expect(polls).toBeLessThanOrEqual(1);
  expect(others).toEqual({ "tools/call": 1, "subscriptions/listen": 1 });
});
