import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pageScript } from "../../bench/pages/page-script.ts";
import { PageServer } from "../../bench/pages/page-server.ts";
import { TASK_TOOL, timedUrl } from "../../bench/servers/timed-server.ts";
import { Chromium, newProfile } from "./chromium.ts";

const SOURCE = `
export { TaskClient } from "./src/index.ts";
export { inboxOf } from "./src/inbox/index.ts";
export { indexedDbStore } from "./src/store/indexeddb.ts";
export { fromUrl } from "./src/channel/sdk-v1.ts";`;

/** The library in a page: the script's own type would be that of another program. */
declare const holdfast: typeof import("../../src/index.ts") &
  typeof import("../../src/inbox/index.ts") &
  typeof import("../../src/store/indexeddb.ts") &
  typeof import("../../src/channel/sdk-v1.ts");

/** What the tests keep in the page. */
declare let client: InstanceType<typeof holdfast.TaskClient>;
declare let inbox: ReturnType<typeof holdfast.inboxOf>;
declare let taken: Awaited<ReturnType<typeof inbox.undelivered>>;

let server: PageServer;
let profile: Awaited<ReturnType<typeof newProfile>>;
let browser: Chromium;

beforeAll(async () => {
  server = await PageServer.start({
    "holdfast.js": await pageScript(SOURCE, "holdfast"),
    "tab.html": "<!doctype html><script src=/holdfast.js></script>",
  });
  profile = await newProfile();
  browser = await Chromium.start(profile.path, []);
});
afterAll(async () => {
  await browser.kill();
  await server.stop();
  await profile.remove();
});

/** A tab of the app, whose client has resumed the tasks. */
async function openTab(): Promise<Page> {
  const page = await browser.open(`${server.origin}/tab.html`);
  await page.evaluate(
    async (url) => {
      const scope = globalThis as { client?: unknown; inbox?: unknown };
      scope.client = new holdfast.TaskClient({
        store: holdfast.indexedDbStore("inbox"),
        endpoints: { lab: holdfast.fromUrl(url) },
      });
      scope.inbox = holdfast.inboxOf(client);
      await client.resume();
    },
    timedUrl(server.origin, { generation: "2025-11-25", pushes: false, least: 500, most: 500, pollMs: 100 }),
  );
  return page;
}

/** Takes what is undelivered, and keeps it in the page. */
const take = (page: Page, leaseMs: number): Promise<readonly string[]> =>
  page.evaluate(async (ms) => {
    const scope = globalThis as { taken?: unknown };
    scope.taken = await inbox.undelivered({ addressee: "chat", leaseMs: ms });
    return taken.map(({ id }) => id);
  }, leaseMs);

const acknowledge = (page: Page): Promise<readonly boolean[]> =>
  page.evaluate(() => Promise.all(taken.map((delivery) => inbox.acknowledge(delivery))));

const start = (page: Page): Promise<string> =>
  page.evaluate(async (tool) => {
    const task = await client.callTool("lab", tool, {}, { notify: ["chat"] });
    await task.result();
    return task.id;
  }, TASK_TOOL);

test("tabs that share an IndexedDB: all see the end, and one of them acknowledges it", async () => {
  const tabs = [await openTab(), await openTab(), await openTab()];
  const [first] = tabs;
  if (!first) return;
  const id = await start(first);
  for (const tab of tabs) expect(await take(tab, 0)).toEqual([id]);
  const answers = (await Promise.all(tabs.map(acknowledge))).flat();
  expect(answers.filter(Boolean)).toHaveLength(1);
  for (const tab of tabs) expect(await take(tab, 0)).toEqual([]);
  for (const tab of tabs) await tab.close();
});

test("an end that a tab leased before it was closed comes to another tab when the lease ends, also after a reload", async () => {
  const [dying, heir] = [await openTab(), await openTab()];
  const id = await start(dying);
  const leaseMs = 3_000;
  expect(await take(dying, leaseMs)).toEqual([id]);
  expect(await take(heir, 0), "it is not lost").toEqual([id]);
  await dying.close();
  await heir.reload();
  const reopened = await openTab();
  await heir.close();
  await expect.poll(() => take(reopened, 60_000), { timeout: 30_000 }).toEqual([id]);
  expect(await acknowledge(reopened)).toEqual([true]);
  expect(await take(reopened, 60_000)).toEqual([]);
});
