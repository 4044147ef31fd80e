import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { Chromium, newProfile } from "./chromium.ts";
import { pageFaults } from "./page-faults.ts";
import { SampleLab } from "./sample-lab.ts";

/** A browser for the tests of a file, and for each of them a lab of its own. */
export interface TestBrowser {
  readonly browser: Chromium;
  readonly lab: SampleLab;
  /** In this test pages will complain of that, and should. */
  expectComplaints(pattern: RegExp): void;
  /** Closes a server of the test once its pages are closed: they would complain of one that goes away under them. */
  closeLast(server: { close(): unknown }): void;
  /** SIGKILL, and a new browser on the same profile. */
  killAndRestart(): Promise<void>;
}

export interface TestBrowserOptions {
  /** No page may complain: an error in its console, an exception, a refusal of its policy fails the test. */
  readonly quiet?: boolean;
}

/** Sets them up. When a test fails it says what was on the screens and on the wire. */
export function testBrowser({ quiet = false }: TestBrowserOptions = {}): TestBrowser {
  const complaints: string[] = [];
  const expected: RegExp[] = [];
  const servers: { close(): unknown }[] = [];
  let profile: Awaited<ReturnType<typeof newProfile>>;
  let browser: Chromium;
  let lab: SampleLab;

  beforeAll(async () => {
    profile = await newProfile();
    browser = await Chromium.start(profile.path);
    browser.context.on("page", (page) => pageFaults(page, complaints));
  });
  afterAll(async () => {
    await browser.kill();
    await profile.remove();
  });
  beforeEach(async () => {
    lab = new SampleLab();
    complaints.length = expected.length = 0;
    // Pages list every task of the origin: an earlier test's card must not be taken for this one's.
    await browser.clearStorage(lab.page);
  });
  afterEach(async ({ task }) => {
    const failed = task.result?.state === "fail";
    for (const page of browser.context.pages().slice(1)) {
      if (failed) console.error(await page.evaluate(() => document.querySelector("#root")?.textContent));
      await page.close();
    }
    for (const server of servers.splice(0)) await server.close();
    const unexpected = complaints.filter((said) => !expected.some((pattern) => pattern.test(said)));
    if (quiet && !failed) expect(unexpected).toEqual([]);
    if (!failed) return;
    for (const { http, method, status } of await lab.wire()) console.error(method ?? http, status);
  });

  return {
    expectComplaints(pattern) {
      expected.push(pattern);
    },
    closeLast(server) {
      servers.push(server);
    },
    get browser() {
      return browser;
    },
    get lab() {
      return lab;
    },
    async killAndRestart() {
      await browser.kill();
      browser = await Chromium.start(profile.path);
    },
  };
}
