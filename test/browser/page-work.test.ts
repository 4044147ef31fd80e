import type { Page } from "playwright-core";
import { afterEach, beforeAll, expect, test } from "vitest";
import { bundled } from "../bundle/bundled.ts";
import { BareServer } from "../sdk/bare-server.ts";
import { recordEventLoop } from "./event-loop.ts";
import { testBrowser } from "./test-browser.ts";

/** The page: a client whose server is a function of `fetch`, so that a round trip takes no time. */
interface LabPage {
  /** Makes one call, and copies its record under other ids, as so many calls would have left them. */
  prepare(records: number): Promise<void>;
  /** How many tasks `resume()` resolved with, and how long it took, in ms. */
  resume(): Promise<{ readonly tasks: number; readonly ms: number }>;
  /** Runs tasks one after the other, and returns from push to result how long each took, in ms. */
  pushedEnds(tasks: number): Promise<readonly number[]>;
}
declare const lab: LabPage;

const SOURCE = `
  import { TaskClient } from "./src/index.ts";
  import { fromUrl } from "./src/channel/http.ts";
  import { indexedDbStore } from "./src/store/indexeddb.ts";

  const json = (id, result) => {
    const text = JSON.stringify({ jsonrpc: "2.0", id, result });
    const headers = { "content-type": "application/json", "content-length": String(text.length), "mcp-session-id": "s" };
    return new Response(text, { headers });
  };
  const at = () => new Date().toISOString();
  const view = (taskId, status) => ({ taskId, status, ttl: null, createdAt: at(), lastUpdatedAt: at(), pollInterval: 600_000 });
  let stream, calls = 0;
  const push = (message) => stream.enqueue(new TextEncoder().encode("data: " + JSON.stringify(message) + "\\n\\n"));

  async function server(_url, { body } = {}) {
    if (typeof body !== "string")
      return new Response(new ReadableStream({ start: (controller) => void (stream = controller) }),
        { headers: { "content-type": "text/event-stream" } });
    const { id, method: asked, params } = JSON.parse(body);
    switch (asked) {
      case "initialize":
        return json(id, { protocolVersion: "2025-11-25", serverInfo: { name: "page", version: "1" },
          capabilities: { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } } });
      case "tools/list":
        return json(id, { tools: [{ name: "slow", inputSchema: { type: "object" }, execution: { taskSupport: "required" } }] });
      case "tools/call": return json(id, { task: view("task-" + ++calls, "working") });
      case "tasks/get": return json(id, view(params.taskId, "working"));
      case "tasks/result": return json(id, { content: [{ type: "text", text: "done" }] });
      default: return new Response(null, { status: 202 });
    }
  }
  const client = () => new TaskClient({ store: indexedDbStore(),
    endpoints: { lab: fromUrl("https://lab.example/mcp", { era: "2025-11-25", fetch: server }) } });
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

  globalThis.lab = {
    async prepare(records) {
      const first = client();
      await first.callTool("lab", "slow", { doi: "10.1/kelp" });
      await first.close();
      const db = await done(indexedDB.open("holdfast"));
      const range = IDBKeyRange.bound("active/", "active/\\uffff");
      const [record] = await done(db.transaction("records").objectStore("records").getAll(range));
      const writing = db.transaction("records", "readwrite");
      for (let task = 1; task < records; task++) {
        const id = crypto.randomUUID();
        writing.objectStore("records").put({ ...record, id, taskId: crypto.randomUUID() }, "active/" + id);
      }
      await new Promise((resolve) => void (writing.oncomplete = resolve));
      db.close();
    },
    async resume() {
      const began = performance.now();
      const tasks = await client().resume();
      return { tasks: tasks.length, ms: performance.now() - began };
    },
    async pushedEnds(tasks) {
      const pushed = client();
      const delays = [];
      for (let task = 0; task < tasks; task++) {
        const handle = await pushed.callTool("lab", "slow", { task });
        const { taskId } = handle.view;
        while (!stream) await new Promise((resolve) => setTimeout(resolve, 5));
        const began = performance.now();
        push({ jsonrpc: "2.0", method: "notifications/tasks/status", params: view(taskId, "completed") });
        await handle.result();
        delays.push(performance.now() - began);
      }
      await pushed.close();
      return delays;
    },
  };`;

const HTML = '<!doctype html><title>lab</title><link rel="icon" href="data:,">';
const MANY = 10_000;
/** Work without a pause that a person notices, in ms of the processor: other programs of the machine do not count. */
const BLOCK = 50;
/** How long after a push the result may come where a round trip takes no time, in ms. */
const PUSHED = 5;

const at = testBrowser();
let code: string;
let home: BareServer | undefined;

beforeAll(async () => {
  code = (await bundled(SOURCE, "browser", { minify: true })).code;
});
afterEach(() => home?.close());

/** A page of its own origin with the lab in it. */
async function labPage() {
  home = await BareServer.start("2025-11-25", {});
  home.intercept = ({ http, response }) => {
    if (http.url !== "/") return false;
    response.writeHead(200, { "content-type": "text/html" }).end(HTML);
    return true;
  };
  const { origin } = home;
  const open = async () => {
    const page = await at.browser.open(`${origin}/`);
    await page.addScriptTag({ content: code, type: "module" });
    await page.waitForFunction(() => "lab" in globalThis);
    return page;
  };
  return { open };
}

/** Opens a page that resumes the stored tasks. Returns the processor time of each task of its event loop, in ms, the longest first. */
async function resumedPage(open: () => Promise<Page>): Promise<readonly number[]> {
  const page = await open();
  const recorded = await recordEventLoop(page);
  const { tasks, ms } = await page.evaluate(() => lab.resume());
  const loop = await recorded();
  const total = loop.reduce((sum, task) => sum + task, 0);
  console.log(
    `${tasks} tasks in ${ms.toFixed(0)} ms; ${total.toFixed(0)} ms of the processor; the longest blocks: ${loop.slice(0, 4).map((task) => task.toFixed(1))} ms`,
  );
  expect(tasks).toBe(MANY);
  // The trace saw the work.
  expect(total).toBeGreaterThan(100);
  await page.close();
  return loop;
}

test(`a page that resumes ${MANY} tasks works for less than ${BLOCK} ms without a pause`, {
  timeout: 180_000,
}, async () => {
  const { open } = await labPage();
  const before = await open();
  await before.evaluate((many) => lab.prepare(many), MANY);
  await before.close();
  // Programs that share the processor's caches make the same work longer, and never shorter: the best of three counts.
  const longest: number[] = [];
  while (longest.length < 3 && !longest.some((block) => block < BLOCK))
    longest.push((await resumedPage(open))[0] ?? 0);
  expect(Math.min(...longest)).toBeLessThan(BLOCK);
});

test(`a pushed end of 2025-11-25 has its result in the app ${PUSHED} ms after its round trip`, {
  timeout: 180_000,
}, async () => {
  const TASKS = 60;
  const ROUNDS = 10;
  const { open } = await labPage();
  const page = await open();
  await page.evaluate(() => lab.pushedEnds(20));
  // Other programs only make it longer: on a busy machine few ends come through undisturbed, in some rounds none.
  let quickest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS && quickest >= PUSHED; round++) {
    const delays = [...(await page.evaluate((tasks) => lab.pushedEnds(tasks), TASKS))].sort((a, b) => a - b);
    const at = (part: number): number => delays[Math.floor(TASKS * part)] ?? Number.NaN;
    const parts = [0, 0.1, 0.5, 0.9].map((part) => `p${part * 100} ${at(part).toFixed(1)} ms`);
    console.log(`from push to result: ${parts}`);
    quickest = at(0.05);
  }
  expect(quickest).toBeLessThan(PUSHED);
});
