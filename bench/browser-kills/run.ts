/**
 * Kills a real Chromium (SIGKILL) again and again on one profile, while pages start and follow tasks, and counts what was lost
 * or done twice: `node bench/browser-kills/run.ts --kills 500 --generation 2025-11-25`. `--tear 0.1` damages the log of the
 * browser's IndexedDB after a tenth of the kills, as a torn write does, so that Chromium deletes the database. Beside the
 * tasks, the page keeps numbers in an IndexedDB of its own by `idb-keyval` alone, on another origin, as the control.
 *
 * `--folder` keeps the profile and a log, one JSON line each: a run that is broken off goes on from there. At the end a page
 * follows all tasks until they are settled. `--no-copy` keeps the store from making second copies of tasks, for comparison.
 * Exits with 1 if a task was lost that the page had, or a call was made twice.
 */
import { appendFile, mkdir, open, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Chromium, newProfile } from "../../test/browser/chromium.ts";
import { listen } from "../../test/edge/gateway/node-http.ts";
import { pageScript } from "../pages/page-script.ts";
import { type LedgerEntry, TASK_TOOL, TaskLedger, textOf } from "./task-ledger.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    generation: { type: "string", default: "2026-07-28" },
    tear: { type: "string", default: "0" },
    folder: { type: "string" },
    "no-copy": { type: "boolean", default: false },
  },
});
const kills = Number(values.kills);
const generation = values.generation === "2025-11-25" ? "2025-11-25" : "2026-07-28";
/** How long the last page has until all tasks are settled, in ms. */
const LAST_MS = 180_000;

interface HeldTask {
  readonly n: number;
  readonly outcome?: string;
  readonly detail?: string;
  readonly text?: string;
}

/** What pages say of themselves. */
type Report =
  /** All tasks that are stored, right after they were resumed. */
  | { readonly kind: "tasks"; readonly held: readonly HeldTask[]; readonly resumeMs: number }
  /** The same from a page that starts none, again and again. */
  | { readonly kind: "last"; readonly held: readonly HeldTask[] }
  | { readonly kind: "restored"; readonly tasks: number }
  /** The app has the handle of this task. */
  | { readonly kind: "handle"; readonly n: number }
  /** The app has the outcome of this task, whatever it is. */
  | { readonly kind: "settled"; readonly n: number }
  | { readonly kind: "control"; readonly count: number };

/** One life of the browser, from its start to its kill. */
interface Life {
  readonly life: number;
  /** The number of its first call; the others follow. */
  readonly first: number;
  readonly killedAt: number;
  /** Numbers of tasks that this page was the first to find or see settled. */
  readonly settled: readonly number[];
  /** Numbers of tasks whose handle this page had: by what it said, or by its polls. */
  readonly handles: readonly number[];
  /** Numbers of tasks that had ended and went with a database. */
  readonly gone: readonly number[];
  /** Numbers of tasks that are not stored and should be. */
  readonly missing: readonly number[];
  readonly unsettled: number;
  readonly resumeMs?: number;
  readonly restored?: number;
  readonly control?: number;
  readonly torn: boolean;
}

type Line =
  | { readonly type: "ports"; readonly ports: readonly number[] }
  | ({ readonly type: "call" } & LedgerEntry)
  | ({ readonly type: "life" } & Life)
  | { readonly type: "end" };

const TASKS_PAGE = `
import { TaskClient } from "./src/index.ts";
import { indexedDbStore } from "./src/store/indexeddb.ts";
import { fromUrl } from "./src/channel/${generation === "2025-11-25" ? "sdk-v1" : "sdk-v2"}.ts";
const say = (report) => fetch("/report", { method: "POST", body: JSON.stringify(report) });
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export async function run(url, first) {
  if (${values["no-copy"]}) Object.defineProperty(globalThis, "caches", { value: undefined });
  const client = new TaskClient({
    store: indexedDbStore(), endpoints: { lab: fromUrl(url) }, retention: { count: 100000 },
    onProblem: (problem) => problem.kind === "storage-lost" && say({ kind: "restored", tasks: problem.tasks }),
  });
  const held = async () => (await client.list()).map(({ view: { arguments: { n }, outcome } }) => (
    { n, outcome: outcome?.kind, detail: outcome?.detail, text: outcome?.result?.content?.[0]?.text }));
  const began = performance.now();
  const settles = (task) => task.result().catch(() => undefined).then(() => say({ kind: "settled", n: task.view.arguments.n }));
  const resumed = await client.resume();
  const resumeMs = performance.now() - began;
  await say({ kind: "tasks", held: await held(), resumeMs });
  resumed.forEach(settles);
  for (let n = first; first >= 0; n++) {
    client.callTool("lab", "${TASK_TOOL}", { n }).then((task) => (say({ kind: "handle", n }), settles(task)), () => undefined);
    await sleep(150 + Math.random() * 300);
  }
  for (;;) {
    await sleep(1000);
    await say({ kind: "last", held: await held() });
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

const scratch = values.folder === undefined ? await newProfile() : undefined;
const folder = scratch?.path ?? values.folder ?? "";
const profile = join(folder, "profile");
await mkdir(profile, { recursive: true });
const logFile = join(folder, "log.jsonl");
const log = (await readFile(logFile, "utf8").catch(() => ""))
  .split("\n")
  .flatMap((line): Line[] => (line === "" ? [] : [JSON.parse(line)]));
let written = Promise.resolve();
function write(line: Line): void {
  written = written.then(() => appendFile(logFile, `${JSON.stringify(line)}\n`));
}

const reports: Report[] = [];
const ledger = new TaskLedger(generation, (entry) => write({ type: "call", ...entry }));
const lives: Life[] = [];
let ports: readonly number[] = [0, 0];
for (const line of log) {
  if (line.type === "call") ledger.add(line);
  else if (line.type === "life") lives.push(line);
  else if (line.type === "ports") ports = line.ports;
}
/** Numbers that are not asked after any more: they had ended when a database went. */
const gone = new Set(lives.flatMap((life) => life.gone));
/** Numbers of tasks that pages have found settled. */
const settled = new Set(lives.flatMap((life) => life.settled));
/** The same from the present page, as it sees them settle. */
const seenSettled = new Set<number>();

const scripts = {
  "/tasks.js": await pageScript(TASKS_PAGE, "page"),
  "/control.js": await pageScript(CONTROL_PAGE, "page"),
};
/** Numbers of tasks whose handle some page had. */
const handles = new Set(lives.flatMap((life) => life.handles));
/** The number of the next page's first call; -1 for a page that makes none. */
let first = 0;
let controlOrigin = "";

async function answer(request: Request): Promise<Response> {
  const { pathname, origin } = new URL(request.url);
  if (pathname === "/mcp") return ledger.fetch(request);
  if (pathname === "/report") {
    const report = (await request.json()) as Report;
    if (report.kind === "handle") ledger.withHandle.add(report.n);
    else if (report.kind === "settled") seenSettled.add(report.n);
    else reports.push(report);
    return new Response("{}");
  }
  const type = { "content-type": pathname.endsWith(".js") ? "text/javascript" : "text/html" };
  const script = scripts[pathname as keyof typeof scripts];
  if (script) return new Response(script, { headers: type });
  const tasks = `page.run(${JSON.stringify(`${origin}/mcp`)}, ${first})`;
  const html =
    pathname === "/control"
      ? `<script src=/control.js></script><script>page.run()</script>`
      : `<script src=/tasks.js></script><script>${tasks}</script><iframe src="${controlOrigin}/control"></iframe>`;
  return new Response(`<!doctype html>${html}`, { headers: type });
}

// The same ports again: an origin's storage goes by them.
const origins = [await listen(answer, ports[0]), await listen(answer, ports[1])].map(
  ({ url }) => new URL(url),
);
controlOrigin = origins[1]?.origin ?? "";
if (log.length === 0) write({ type: "ports", ports: origins.map(({ port }) => Number(port)) });

/** The report of a kind that came last. */
function lastReport<K extends Report["kind"]>(kind: K): (Report & { kind: K }) | undefined {
  return reports.findLast((report): report is Report & { kind: K } => report.kind === kind);
}

/** Waits until a condition holds, or until it has waited long enough. */
async function until(condition: () => boolean, ms = 30_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!condition() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Broken off: the present life ends as all do, so that no browser is left behind. */
let stopped = false;
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => (stopped = true));

async function startPage(): Promise<Chromium> {
  reports.length = 0;
  const browser = await Chromium.start(profile);
  void browser.open(`${origins[0]?.origin}/`).catch(() => undefined);
  await until(() => lastReport("tasks") !== undefined);
  return browser;
}

/** Damages the log of the tasks' IndexedDB, and of no other's. */
async function tearLog(): Promise<boolean> {
  const tasks = join(profile, `Default/IndexedDB/http_127.0.0.1_${origins[0]?.port}.indexeddb.leveldb`);
  let torn = false;
  for (const name of await readdir(tasks).catch(() => [])) {
    if (!/^\d+\.log$/.test(name)) continue;
    const file = await open(join(tasks, name), "r+");
    await file.write("torn", Math.floor((await stat(join(tasks, name))).size / 2));
    await file.close();
    torn = true;
  }
  return torn;
}

/** Compares what the page holds with the calls that had reached the server. Settled tasks go with a database; running ones must not. */
function compare(held: readonly HeldTask[], before: readonly number[]): Pick<Life, "gone" | "missing"> {
  const stored = new Set(held.map(({ n }) => n));
  const absent = before.filter((n) => !stored.has(n) && !gone.has(n));
  // Without second copies nobody says that the database went.
  const wiped = lastReport("restored") !== undefined || values["no-copy"];
  const lapsed = wiped ? absent.filter((n) => ledger.ended.has(n) || settled.has(n)) : [];
  for (const n of lapsed) gone.add(n);
  return { gone: lapsed, missing: absent.filter((n) => !gone.has(n)) };
}

function summary(): object {
  const unsound = lives.filter(({ control }, index) => (control ?? 0) < (lives[index - 1]?.control ?? 0));
  const resumed = lives.flatMap(({ resumeMs }) => resumeMs ?? []).sort((a, b) => a - b);
  return {
    generation,
    kills: lives.length,
    calls: ledger.calls.size,
    twice: [...ledger.calls.values()].filter((entries) => entries.length > 1).length,
    missing: new Set(lives.flatMap((life) => life.missing)).size,
    torn: lives.filter(({ torn }) => torn).length,
    wiped: lives.filter((life) => life.restored !== undefined || life.gone.length > 0).length,
    restored: lives.reduce((sum, { restored = 0 }) => sum + restored, 0),
    controlWiped: unsound.filter(({ control }) => control !== undefined).length,
    unsettled: lives.at(-1)?.unsettled,
    resumeMs: resumed[Math.floor(resumed.length / 2)],
  };
}

while (lives.length < kills && !stopped) {
  const life = lives.length + 1;
  const before = [...ledger.calls.keys()];
  // A call whose number is known may not have reached the server.
  first = (Math.floor(Math.max(0, lives.at(-1)?.first ?? 0, ...before) / 1_000) + 1) * 1_000;
  const page = await startPage();
  if (Math.random() < 0.8) await until(() => ledger.calls.size > before.length);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 1_500));
  const killedAt = Date.now();
  await page.kill();
  const resumed = lastReport("tasks");
  const held = resumed?.held ?? [];
  const restored = lastReport("restored")?.tasks;
  const control = lastReport("control")?.count ?? lives.at(-1)?.control;
  const ended: Life = {
    life,
    first,
    killedAt,
    ...(resumed ? compare(held, before) : { gone: [], missing: [] }),
    settled: [...new Set([...held.flatMap(({ n, outcome }) => (outcome ? [n] : [])), ...seenSettled])].filter(
      (n) => !settled.has(n),
    ),
    handles: [...ledger.withHandle].filter((n) => !handles.has(n)),
    unsettled: resumed ? held.filter(({ outcome }) => !outcome).length : (lives.at(-1)?.unsettled ?? 0),
    ...(resumed && { resumeMs: Math.round(resumed.resumeMs) }),
    ...(restored !== undefined && { restored }),
    ...(control !== undefined && { control }),
    torn: Math.random() < Number(values.tear) && (await tearLog()),
  };
  seenSettled.clear();
  for (const n of ended.settled) settled.add(n);
  for (const n of ended.handles) handles.add(n);
  lives.push(ended);
  write({ type: "life", ...ended });
  if (life % 10 === 0 || life === kills) console.log(JSON.stringify(summary()));
}

if (stopped) {
  await written;
  process.exit(1);
}

first = -1;
const quiet = await startPage();
await until(() => lastReport("last")?.held.every(({ outcome }) => outcome !== undefined) ?? false, LAST_MS);
await quiet.kill();
const last = lastReport("last")?.held ?? [];
const outcomes: Record<string, number> = {};
for (const { outcome = "unsettled", detail } of last) {
  const kind = detail === undefined ? outcome : `${outcome}: ${detail}`;
  outcomes[kind] = (outcomes[kind] ?? 0) + 1;
}
const lost = last.filter(({ outcome }) => outcome === "lost");
const completed = new Set(last.flatMap(({ n, outcome }) => (outcome === "completed" ? [n] : [])));
/** How long before the kill the server had the calls that were lost, in ms; `undefined` for those it never had. */
const beforeKill = lost.map(({ n }) => {
  const at = ledger.calls.get(n)?.[0]?.at;
  const killedAt = lives.findLast((life) => life.first <= n)?.killedAt;
  return at !== undefined && killedAt !== undefined ? killedAt - at : undefined;
});
const end = {
  ...summary(),
  ...compare(last, [...ledger.calls.keys()]),
  outcomes,
  /** Tasks that a page had and that came to nothing, but for those that had ended when a database went: there must be none. */
  lostWithHandle: [...handles].filter((n) => !completed.has(n) && !gone.has(n)),
  lostBeforeKillMs: beforeKill,
  wrong: last.filter(({ n, outcome, text }) => outcome === "completed" && text !== textOf(n)).length,
};
console.log(JSON.stringify(end));
write({ type: "end", ...end });
await written;
await scratch?.remove();
const twice = [...ledger.calls.values()].some((entries) => entries.length > 1);
const sound = !twice && end.wrong === 0 && end.lostWithHandle.length === 0 && end.missing.length === 0;
process.exit(sound && lives.every(({ missing }) => missing.length === 0) ? 0 : 1);
