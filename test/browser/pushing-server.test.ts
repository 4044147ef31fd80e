import { afterAll, beforeAll, expect, test } from "vitest";
import { Chromium, newProfile } from "./chromium.ts";
import { SampleLab } from "./sample-lab.ts";
import { TaskPage } from "./task-page.ts";

let profile: Awaited<ReturnType<typeof newProfile>>;
let browser: Chromium;

beforeAll(async () => {
  profile = await newProfile();
  browser = await Chromium.start(profile.path);
});
afterAll(async () => {
  await browser.kill();
  await profile.remove();
});

/** Runs a task of four seconds, whose server asks to be polled every half second, and counts what it took. */
async function requestsOfOneTask(generation: string): Promise<Record<string, number>> {
  const lab = new SampleLab();
  const page = new TaskPage(await browser.open(lab.page));
  await page.choose(`sample ${lab.name} ${generation}`);
  await lab.clearWire();
  await page.call("acquire_paper", { doi: "10.1/kelp", stage_ms: 1000 });
  await page.stands("completed");
  const counts: Record<string, number> = {};
  for (const { method = "other" } of await lab.wire()) counts[method] = (counts[method] ?? 0) + 1;
  await page.page.close();
  return counts;
}

test("2025-11-25: a task that is pushed costs its call, at most one poll, and its result", async () => {
  const { "tasks/get": polls = 0, ...others } = await requestsOfOneTask("2025-11-25");
  expect(polls).toBeLessThanOrEqual(1);
  expect(others).toEqual({ "tools/call": 1, "tasks/result": 1 });
});

test("2026-07-28: a task that is pushed costs its call, one subscription, and at most one poll", async () => {
  const { "tasks/get": polls = 0, ...others } = await requestsOfOneTask("2026-07-28");
  expect(polls).toBeLessThanOrEqual(1);
  expect(others).toEqual({ "tools/call": 1, "subscriptions/listen": 1 });
});
