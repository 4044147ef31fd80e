import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { pageScript } from "../../bench/pages/page-script.ts";
import { PageServer } from "../../bench/pages/page-server.ts";
import { TASK_TOOL, timedUrl } from "../../bench/servers/timed-server.ts";
import { Chromium, newProfile } from "./chromium.ts";
import { SampleLab } from "./sample-lab.ts";

const SOURCE = `
export { TaskClient } from "./src/index.ts";
export { indexedDbStore } from "./src/store/indexeddb.ts";
export { fromUrl } from "./src/channel/sdk-v1.ts";`;

/** The library in a page: the script's own type would be that of another program. */
declare const holdfast: typeof import("../../src/index.ts") &
  typeof import("../../src/store/indexeddb.ts") &
  typeof import("../../src/channel/sdk-v1.ts");

let server: PageServer;
let profile: Awaited<ReturnType<typeof newProfile>>;
let browser: Chromium;

beforeAll(async () => {
  server = await PageServer.start({
    "holdfast.js": await pageScript(SOURCE, "holdfast"),
    "frame.html": '<!doctype html><iframe sandbox="allow-scripts" src="/inner.html"></iframe>',
    "inner.html": "<!doctype html><script src=/holdfast.js></script>",
  });
  profile = await newProfile();
  browser = await Chromium.start(profile.path, ["--host-resolver-rules=MAP lab.test 127.0.0.1"]);
});
afterAll(async () => {
  await browser.kill();
  await server.stop();
  await profile.remove();
});

/** The same server as another site sees it. Plain `http:` is no secure context anywhere but on this machine. */
const insecure = (): string => server.origin.replace("127.0.0.1", "lab.test");

const plan = { generation: "2025-11-25", pushes: false, least: 500, most: 500, pollMs: 100 } as const;

async function insecurePage(): Promise<Page> {
  const page = await browser.open(`${insecure()}/inner.html`);
  expect(await page.evaluate(() => globalThis.isSecureContext)).toBe(false);
  return page;
}

test("a page on plain http: calls, stores and resumes a task without a secure context", async () => {
  const page = await insecurePage();
  const [url, tool] = [timedUrl(insecure(), { ...plan, least: 2_000, most: 2_000 }), TASK_TOOL];
  const id = await page.evaluate(
    async ([endpoint = "", name = ""]) => {
      const client = new holdfast.TaskClient({
        store: holdfast.indexedDbStore("one page"),
        endpoints: { lab: holdfast.fromUrl(endpoint) },
      });
      return (await client.callTool("lab", name)).id;
    },
    [url, tool],
  );
  await page.reload();
  const resumed = await page.evaluate(
    async ([endpoint = ""]) => {
      const client = new holdfast.TaskClient({
        store: holdfast.indexedDbStore("one page"),
        endpoints: { lab: holdfast.fromUrl(endpoint) },
      });
      const [task] = await client.resume();
      return { id: task?.id, result: JSON.stringify(await task?.result()) };
    },
    [url],
  );
  expect(resumed).toEqual({ id, result: expect.stringContaining("content") });
  expect((await server.takeCounts())["tools/call"]).toBe(1);
  await page.close();
});

test("in a sandboxed frame without storage and locks a task goes on in memory, and the app receives the problem", async () => {
  const page = await browser.open(`${server.origin}/frame.html`);
  const frame = page.frames()[1];
  if (!frame) throw new Error("The page has no frame");
  await frame.waitForFunction(() => "holdfast" in globalThis);
  const lab = new SampleLab();
  const received = await frame.evaluate(
    async (url) => {
      const problems: string[] = [];
      const client = new holdfast.TaskClient({
        store: holdfast.indexedDbStore(),
        endpoints: { lab: holdfast.fromUrl(url) },
        onProblem: ({ kind, message }) => problems.push(`${kind}: ${message}`),
      });
      await client.resume();
      const task = await client.callTool("lab", "acquire_paper", { doi: "10.1/kelp", stage_ms: 50 });
      return { problems, result: JSON.stringify(await task.result()) };
    },
    `${inject("workerUrl")}/samples/${lab.name}/2025-11-25/mcp`,
  );
  expect(received.result).toContain("10.1/kelp");
  expect(received.problems[0]).toMatch(/^storage: .*go on in memory/);
  await page.close();
});

test("of two pages on plain http: one polls for both, and the other goes on when it is closed", async () => {
  const url = timedUrl(insecure(), { ...plan, least: 8_000, most: 8_000 });
  const follow = async (page: Page, call: boolean): Promise<void> => {
    await page.evaluate(
      async ([endpoint, name, starts]) => {
        const client = new holdfast.TaskClient({
          store: holdfast.indexedDbStore("two pages"),
          endpoints: { lab: holdfast.fromUrl(endpoint) },
        });
        const [task] = starts ? [await client.callTool("lab", name)] : await client.resume();
        const ended = Promise.resolve(task?.result()).then((result) => JSON.stringify(result));
        Object.assign(globalThis, { ended });
      },
      [url, TASK_TOOL, call] as const,
    );
  };
  const requests = (page: Page): Promise<number> =>
    page.evaluate(
      () => performance.getEntriesByType("resource").filter(({ name }) => name.includes("/mcp/")).length,
    );
  const [leader, follower] = [await insecurePage(), await insecurePage()];
  await follow(leader, true);
  await follow(follower, false);
  const before = await requests(leader);
  await expect.poll(() => requests(leader)).toBeGreaterThan(before + 3);
  expect(await requests(follower)).toBe(0);
  await leader.close();
  expect(await follower.evaluate(() => (globalThis as { ended?: Promise<string> }).ended)).toContain(
    "content",
  );
  expect((await server.takeCounts())["tools/call"]).toBe(1);
  await follower.close();
});
