import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { SampleLab } from "./sample-lab.ts";
import { TaskPage } from "./task-page.ts";
import { testBrowser } from "./test-browser.ts";
import { until } from "./until.ts";

const SUCCESSION_MS = 1_000;

const at = testBrowser();

/** A tab of the lab's page, and how often it has polled. */
class Tab extends TaskPage {
  polls = 0;

  static async open(ofLab: SampleLab = at.lab): Promise<Tab> {
    const tab = new Tab(await at.browser.context.newPage());
    tab.page.on("request", (request) => {
      if (request.postData()?.includes('"tasks/get"')) tab.polls++;
    });
    await tab.page.goto(ofLab.page);
    await tab.page.locator("html[data-ready]").waitFor({ state: "attached" });
    return tab;
  }
}

const server = (): string => `sample ${at.lab.name} 2026-07-28`;

async function startIn(tab: Tab, args: object): Promise<void> {
  await tab.choose(server());
  await tab.call("acquire_paper", { doi: "10.1/kelp", ...args });
}

test("three tabs, one poller: all see every update, whichever started the task", async () => {
  const tabs = [await Tab.open(), await Tab.open(), await Tab.open()] as const;
  await startIn(tabs[1], { stage_ms: 1_000 });
  await Promise.all(tabs.map((tab) => tab.saying("Parsing pages")));
  await Promise.all(tabs.map((tab) => tab.stands("completed")));
  expect(tabs.map(({ polls }) => polls > 0)).toEqual([true, false, false]);
  expect(await at.lab.count("tools/call")).toBe(1);
});

test("a tab's tasks do not wait for a leader that does not know their server", async () => {
  await Tab.open(new SampleLab());
  const tab = await Tab.open();
  await startIn(tab, { stage_ms: 800 });
  await tab.stands("working");
  await tab.reload();
  await tab.stands("completed");
  expect(await at.lab.count("tools/call")).toBe(1);
});

test("a question is answered in a different tab from the one that called", async () => {
  const [leader, caller, answerer] = [await Tab.open(), await Tab.open(), await Tab.open()];
  await startIn(caller, { mode: "ask", stage_ms: 150 });
  await answerer.stands("input_required");
  await answerer.open();
  await answerer.pick("Edition", "published");
  await answerer.answer();
  for (const tab of [leader, caller, answerer]) {
    await tab.stands("completed");
    expect(await tab.resultText()).toContain('"edition": "published"');
  }
  expect(await at.lab.count("tasks/update")).toBe(1);
});

test("a task is cancelled from another tab", async () => {
  const [leader, other] = [await Tab.open(), await Tab.open()];
  await startIn(leader, { stage_ms: 5000 });
  await other.saying("Resolving");
  await (await other.open()).getByRole("button", { name: "Cancel task" }).click();
  await Promise.all([leader.stands("cancelled"), other.stands("cancelled")]);
  expect(await at.lab.count("tasks/cancel")).toBe(1);
});

/** Ends the leader of two tabs. How long it took until the other polled, in ms, and the task was done. */
async function succession(endLeader: (page: Page) => Promise<number>): Promise<number> {
  const [leader, heir] = [await Tab.open(), await Tab.open()];
  await startIn(leader, { stage_ms: 1000 });
  await heir.saying("Resolving");
  expect(heir.polls).toBe(0);
  const endedAt = await endLeader(leader.page);
  await until("the heir polls", () => (heir.polls > 0 ? true : undefined));
  const took = Date.now() - endedAt;
  await heir.stands("completed");
  expect(await at.lab.count("tools/call")).toBe(1);
  await heir.page.close();
  await at.lab.clearWire();
  return took;
}

/** The least disturbed of up to three: what else the machine does is not ours. */
async function quickest(endLeader: (page: Page) => Promise<number>): Promise<number> {
  const times: number[] = [];
  while (times.length < 3 && !times.some((ms) => ms < SUCCESSION_MS)) times.push(await succession(endLeader));
  return Math.min(...times);
}

test("when the leader's tab is closed, another takes over within a second", async () => {
  const took = await quickest(async (page) => {
    const closedAt = Date.now();
    await page.close();
    return closedAt;
  });
  expect(took).toBeLessThan(SUCCESSION_MS);
});

test("when the leader's process crashes, another takes over within a second", async () => {
  expect(await quickest(crash)).toBeLessThan(SUCCESSION_MS);
});

test("a frozen leader does not stall a visible tab", async () => {
  const [leader, visible] = [await Tab.open(), await Tab.open()];
  await startIn(leader, { stage_ms: 1500 });
  await visible.saying("Resolving");
  // Headless pages are never hidden, so Chromium does not freeze them itself: the debugger stops the tab's thread.
  const devtools = await at.browser.context.newCDPSession(leader.page);
  let stopped = false;
  devtools.on("Debugger.paused", () => {
    stopped = true;
  });
  await devtools.send("Debugger.enable");
  await until("the leader is stopped", async () => {
    if (stopped) return true;
    // It stops at the next statement that it runs.
    await devtools.send("Debugger.pause").catch(() => undefined);
    return undefined;
  });
  await until("the visible tab polls", () => (visible.polls > 0 ? true : undefined));
  await visible.stands("completed");
  await devtools.send("Debugger.resume");
  await leader.stands("completed");
  expect(await at.lab.count("tools/call")).toBe(1);
});

/** Ends the tab's renderer from within, as a crash does. */
async function crash(page: Page): Promise<number> {
  const crashed = page.waitForEvent("crash");
  page.goto("chrome://crash").catch(() => undefined);
  await crashed;
  return Date.now();
}
