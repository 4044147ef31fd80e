/**
 * Kills a real Chromium (SIGKILL) again and again on one profile, while pages start and follow tasks, and counts what was lost
 * or done twice: `node bench/browser-kills/run.ts --kills 500 --generation 2025-11-25`. `--tear 0.1` damages the log of the
 * browser's IndexedDB after a tenth of the kills, as a torn write does, so that Chromium deletes the database. Beside the
 * tasks, the page keeps numbers in an IndexedDB of its own by `idb-keyval` alone, on another origin, as the control.
 */
import { mkdir, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Chromium, newProfile } from "../../test/browser/chromium.ts";
import { listen } from "../../test/edge/gateway/node-http.ts";
import { pageScript } from "../pages/page-script.ts";
import { TASK_TOOL, TimedServer, timedUrl } from "../servers/timed-server.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    generation: { type: "string", default: "2026-07-28" },
    tear: { type: "string", default: "0" },
  },
});
const kills = Number(values.kills);
const generation = values.generation === "2025-11-25" ? "2025-11-25" : "2026-07-28";

/** What pages say of themselves. */
interface Report {
  readonly kind: "tasks" | "control" | "problem";
  /** `tasks`: the arguments' numbers of all that are stored. `control`: how many numbers it holds. */
  readonly held?: readonly number[];
  readonly count?: number;
  readonly restored?: number;
}

const TASKS_PAGE = `
import { TaskClient } from "./src/index.ts";
import { indexedDbStore } from "./src/store/indexeddb.ts";
import { fromUrl } from "./src/channel/${generation === "2025-11-25" ? "sdk-v1" : "sdk-v2"}.ts";
const say = (report) => fetch("/report", { method: "POST", body: JSON.stringify(report) });
export async function run(url, first) {
  const client = new TaskClient({
    store: indexedDbStore(), endpoints: { lab: fromUrl(url) }, keep: { count: 100000 },
    onProblem: (problem) => problem.kind === "storage-lost" && say({ kind: "problem", restored: problem.tasks }),
  });
  await client.resume();
  await say({ kind: "tasks", held: (await client.list()).map((task) => task.arguments.n) });
  for (let n = first; ; n++) {
    client.callTool("lab", "${TASK_TOOL}", { n }).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 300));
  }
}`;
const CONTROL_PAGE = `
import { createStore, keys, set } from "idb-keyval";
export async function run() {
  const store = createStore("control", "numbers");
  const count = (await keys(store)).length;
  await fetch("/report", { method: "POST", body: JSON.stringify({ kind: "control", count }) });
  for (let n = count; ; n++) {
    // Chromium writes large values in many pieces: a kill tears them sooner.
    await set(n, "x".repeat(n % 5 ? 900 : 300000), store);
    await new Promise((resolve) => setTimeout(resolve, 60 + Math.random() * 120));
  }
}`;

const reports: Report[] = [];
const server = new TimedServer();
const called = new Map<number, number>();
const scripts = {
  "/tasks.js": await pageScript(TASKS_PAGE, "page"),
  "/control.js": await pageScript(CONTROL_PAGE, "page"),
};
let first = 0;
let controlOrigin = "";

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname.startsWith("/mcp/")) {
    const { method, params } = (await request
      .clone()
      .json()
      .catch(() => ({}))) as {
      method?: string;
      params?: { arguments?: { n?: number } };
    };
    const n = params?.arguments?.n ?? -1;
    if (method === "tools/call") called.set(n, (called.get(n) ?? 0) + 1);
    return server.fetch(request);
  }
  if (pathname === "/report") {
    reports.push((await request.json()) as Report);
    return new Response("{}");
  }
  const type = { "content-type": pathname.endsWith(".js") ? "text/javascript" : "text/html" };
  const script = scripts[pathname as keyof typeof scripts];
  if (script) return new Response(script, { headers: type });
  const plan = { generation, pushes: false, least: 500, most: 6_000, pollMs: 300 } as const;
  const tasks = `page.run(${JSON.stringify(timedUrl(new URL(request.url).origin, plan))}, ${first})`;
  const html =
    pathname === "/control"
      ? `<script src=/control.js></script><script>page.run()</script>`
      : `<script src=/tasks.js></script><script>${tasks}</script><iframe src="${controlOrigin}/control"></iframe>`;
  return new Response(`<!doctype html>${html}`, { headers: type });
}

const origins = [await listen(answer), await listen(answer)].map(({ url }) => new URL(url).origin);
controlOrigin = origins[1] ?? "";
const profile = await newProfile();
await mkdir(profile.path, { recursive: true });
const seen = new Set<number>();
const found = { wiped: 0, restored: 0, missing: 0, controlWiped: 0, torn: 0 };
let controlCount = 0;

/** Waits until a condition holds, or until it has waited long enough for any browser. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!condition() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Damages the log of the tasks' IndexedDB, and of no other's. */
async function tearLog(): Promise<void> {
  const { port } = new URL(origins[0] ?? "");
  const folder = join(profile.path, `Default/IndexedDB/http_127.0.0.1_${port}.indexeddb.leveldb`);
  for (const name of await readdir(folder).catch(() => [])) {
    if (!/^\d+\.log$/.test(name)) continue;
    const file = await open(join(folder, name), "r+");
    await file.write("torn", Math.floor((await stat(join(folder, name))).size / 2));
    await file.close();
    found.torn++;
  }
}

/** Compares what the page holds with what the server was called for. Settled tasks go with a database; running ones must not. */
function compare(held: readonly number[], restored: number | undefined): void {
  const stored = new Set(held);
  const before = [...called.keys()].filter((n) => n < first);
  if (restored !== undefined) {
    found.wiped++;
    found.restored += restored;
    for (const n of before) if (!stored.has(n)) seen.delete(n);
  } else found.missing += before.filter((n) => !stored.has(n) && seen.has(n)).length;
  for (const n of held) seen.add(n);
}

for (let life = 1; life <= kills; life++) {
  reports.length = 0;
  first = life * 1_000;
  const browser = await Chromium.start(profile.path);
  void browser.open(`${origins[0]}/`).catch(() => undefined);
  await until(() => reports.some(({ kind }) => kind === "tasks"));
  const before = called.size;
  if (Math.random() < 0.8) await until(() => called.size > before);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 1_500));
  await browser.kill();
  const held = reports.find(({ kind }) => kind === "tasks")?.held;
  if (held) compare(held, reports.find(({ kind }) => kind === "problem")?.restored);
  const count = reports.find(({ kind }) => kind === "control")?.count;
  if (count !== undefined && count < controlCount) found.controlWiped++;
  controlCount = count ?? controlCount;
  if (Math.random() < Number(values.tear)) await tearLog();
  if (life % 10 === 0 || life === kills) {
    const twice = [...called.values()].filter((times) => times > 1).length;
    console.log(JSON.stringify({ life, generation, calls: called.size, twice, ...found }));
  }
}
await profile.remove();
process.exit(0);
