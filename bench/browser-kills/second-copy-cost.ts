/**
 * Measures what the second copy of unfinished tasks costs a page in real Chromium: cache operations and bytes for each task, and
 * the time to call, resume and restore, in turn with and without the Cache API. `node bench/browser-kills/second-copy-cost.ts`
 * prints a median and the range of each. `--rounds 9 --tasks 100`.
 */
import { parseArgs } from "node:util";
import { Chromium, newProfile } from "../../test/browser/chromium.ts";
import { listen } from "../../test/edge/gateway/node-http.ts";
import { pageScript } from "../pages/page-script.ts";
import { TASK_TOOL, TaskLedger } from "./task-ledger.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "9" }, tasks: { type: "string", default: "100" } },
});

/** What one page measured. */
type Figures = Readonly<Record<string, number>>;

const PAGE = `
import { TaskClient, timerHost } from "./src/index.ts";
import { indexedDbStore } from "./src/store/indexeddb.ts";
import { fromUrl } from "./src/channel/sdk-v2.ts";
const counts = { puts: 0, deletes: 0, bytes: 0 };
if (globalThis.Cache) {
  const { put, delete: remove } = Cache.prototype;
  Cache.prototype.put = async function (request, response) {
    counts.puts++;
    counts.bytes += (await response.clone().blob()).size;
    return put.call(this, request, response);
  };
  Cache.prototype.delete = function (request) {
    counts.deletes++;
    return remove.call(this, request);
  };
}
async function timed(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
export async function run(copies, tasks) {
  if (!copies) Object.defineProperty(globalThis, "caches", { value: undefined });
  const name = "cost-" + Math.random();
  const open = (options) =>
    new TaskClient({ store: indexedDbStore(name), endpoints: { lab: fromUrl(location.origin + "/mcp") }, push: false, host: timerHost(), ...options });
  const first = open();
  await first.callTool("lab", "${TASK_TOOL}", { n: 0 });
  const began = { ...counts };
  const callMs = await timed(async () => {
    for (let n = 1; n <= tasks; n++) await first.callTool("lab", "${TASK_TOOL}", { n });
  });
  const [puts, bytes] = [(counts.puts - began.puts) / tasks, (counts.bytes - began.bytes) / (counts.puts - began.puts || 1)];
  await first.close();
  const second = open();
  const resumeMs = await timed(() => second.resume());
  await second.close();
  let restoreMs = 0;
  if (copies) {
    const kept = await caches.open("holdfast/" + name);
    const saved = await Promise.all((await kept.keys()).map(async (key) => [key, await kept.match(key)]));
    await new Promise((resolve) => { indexedDB.deleteDatabase(name).onsuccess = resolve; });
    const again = await caches.open("holdfast/" + name);
    for (const [key, copy] of saved) await again.put(key, copy);
    const third = open();
    restoreMs = await timed(async () => { if ((await third.resume()).length !== tasks + 1) throw new Error("not restored"); });
    await third.close();
  }
  await caches?.delete("holdfast/" + name);
  return { callMs: callMs / tasks, puts, bytes, resumeMs, ...(copies && { restoreMs }) };
}`;

const script = await pageScript(PAGE, "page");
const ledger = new TaskLedger(
  "2026-07-28",
  () => undefined,
  () => 3_600_000,
);
const { url, close } = await listen(async (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/mcp") return ledger.fetch(request);
  if (pathname === "/page.js")
    return new Response(script, { headers: { "content-type": "text/javascript" } });
  return new Response("<!doctype html><script src=/page.js></script>", {
    headers: { "content-type": "text/html" },
  });
});

const profile = await newProfile();
const browser = await Chromium.start(profile.path);
const samples: Record<"with" | "without", Figures[]> = { with: [], without: [] };
for (let round = 0; round < Number(values.rounds); round++) {
  for (const copies of round % 2 ? [true, false] : [false, true]) {
    const page = await browser.open(`${new URL(url).origin}/`);
    const run = `page.run(${copies}, ${Number(values.tasks)})`;
    samples[copies ? "with" : "without"].push((await page.evaluate(run)) as Figures);
    await page.close();
  }
}
for (const [manner, figures] of Object.entries(samples)) {
  for (const name of Object.keys(figures[0] ?? {})) {
    const sorted = figures.map((figure) => figure[name] ?? 0).sort((a, b) => a - b);
    const [least, median, most] = [0, sorted.length >> 1, sorted.length - 1].map((at) =>
      sorted[at]?.toFixed(1),
    );
    console.log(`${manner} the second copy: ${name} ${median} [${least}, ${most}]`);
  }
}
await browser.kill();
await close();
await profile.remove();
