/**
 * Runs simulated worlds, and goes on past those that fail:
 *
 * - `node test/simulation/simulate.ts --runs 20000 [--from N] [--contended]` runs a range of seeds.
 * - `--soak MINUTES` runs fresh seeds for that long, from a seed derived from the time.
 * - `--seeds LIST` runs the seeds of a list, `7107566,8206466c,12i,9p,3h`, or of a file that contains one: `c` marks a contended one, `i` one with an
 *   inbox, `p` one with pairs of tools, `h` one by `holdfast/http`, `k` one with idempotency keys.
 * - `--seed N [--contended] [--inbox] [--paired] [--http] [--keyed] [--verbose]` runs one world and prints its trace.
 *
 * `--traced` traces each world and prints a hash of all traces. It stays the same as long as the worlds do: compare it before and after a change that must not
 * change them. `--contended`: in each world, tabs contend for the lead. `--inbox`: its calls have an addressee. `--paired`: its modern server knows no Tasks, and
 * offers pairs of tools. `--http`: its tabs connect by `holdfast/http`, and its legacy server may keep the events of its response streams. `--keyed`: its servers keep idempotency keys,
 * and most of its calls have one. `--first` stops at the first failure. `--workers N` sets the number
 * of threads. Exits with 1 when a promise of the library was broken.
 */
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { type Batch, type BatchReport, type Failure, runBatch, type Seed, share, sum } from "./batch.ts";
import { runWorld, type WorldKind } from "./world.ts";

/** How much of a failing world's trace is shown, in lines. */
const TRACE_LINES = 40;
/** So many failures are shown with their traces; all are listed. */
const TRACES = 5;
/** The mark of each kind behind a seed. */
const MARKS = { contended: "c", inbox: "i", paired: "p", http: "h", keyed: "k" } as const satisfies Record<
  keyof WorldKind,
  string
>;
const KINDS = Object.keys(MARKS) as readonly (keyof WorldKind)[];
const YOUNG_MB = 64;
const WORKERS = Math.min(2, availableParallelism());

if (isMainThread) await main();
else parentPort?.postMessage(await runBatch(workerData as Batch));

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "2000" },
      from: { type: "string", default: "1" },
      seed: { type: "string" },
      seeds: { type: "string" },
      soak: { type: "string" },
      workers: { type: "string", default: String(WORKERS) },
      contended: { type: "boolean", default: false },
      inbox: { type: "boolean", default: false },
      paired: { type: "boolean", default: false },
      http: { type: "boolean", default: false },
      keyed: { type: "boolean", default: false },
      first: { type: "boolean", default: false },
      verbose: { type: "boolean", default: false },
      traced: { type: "boolean", default: false },
    },
  });
  const { contended, inbox, paired, http, keyed, first, traced } = values;
  const kind: WorldKind = { contended, inbox, paired, http, keyed };
  if (values.seed !== undefined) return replay({ seed: Number(values.seed), ...kind }, values.verbose);
  const [workers, minutes] = [Number(values.workers), Number(values.soak ?? 0)];
  // A soak that begins a second later begins a thousand worlds later: at 100 worlds a second, none is run twice.
  const from = values.soak === undefined ? Number(values.from) : (Math.floor(Date.now() / 1000) % 1e6) * 1000;
  const runs = values.soak === undefined ? Number(values.runs) : Number.MAX_SAFE_INTEGER - from;
  if (![runs, from, workers].every(Number.isInteger) || !(minutes >= 0))
    throw new Error("--runs, --from and --workers are whole numbers, and --soak is a number of minutes");
  const seeds = values.seeds === undefined ? { from, runs, stride: 1, ...kind } : readSeeds(values.seeds);
  const until = values.soak === undefined ? Number.POSITIVE_INFINITY : Date.now() + minutes * 60_000;
  if (values.soak !== undefined) console.log(`seeds from ${from}${contended ? ", contended" : ""}`);
  const began = performance.now();
  const cpu = process.cpuUsage();
  const report = await inParallel({ seeds, until, first, traceLines: TRACE_LINES, traced }, workers);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const { failures, steps, hash } = report;
  printCoverage(report);
  for (const failure of failures.slice(0, TRACES)) printFailure(failure);
  if (failures.length > 0) printList(failures);
  const cost = `${((user + system) / 1_000 / report.runs).toFixed(1)} ms CPU and ${(steps / report.runs).toFixed(0)} events a run`;
  const pace = `${(report.runs / seconds).toFixed(0)} runs/s, ${cost}`;
  if (traced) console.log(`traces ${hexOf(hash)}`);
  const rate = `${failures.length} failed, 1 in ${Math.round(report.runs / failures.length)}`;
  const verdict = failures.length > 0 ? rate : "all invariants held";
  console.log(`simulation: ${report.runs} runs in ${seconds.toFixed(1)} s (${pace}): ${verdict}`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

/** A list, or the file of that name: numbers, each with the marks of its kind behind it. */
function readSeeds(list: string): Seed[] {
  const text = existsSync(list) ? readFileSync(list, "utf8") : list;
  const seeds = [...text.matchAll(/\b(\d+)([a-z]*)\b/g)];
  return seeds.map(([, seed, marks = ""]) => ({
    seed: Number(seed),
    ...Object.fromEntries(KINDS.map((kind) => [kind, marks.includes(MARKS[kind])])),
  }));
}

async function inParallel(batch: Batch, workers: number): Promise<BatchReport> {
  if (workers <= 1) return runBatch(batch);
  const batches = Array.from({ length: workers }, (_, index): Batch => {
    return { ...batch, seeds: share(batch.seeds, index, workers) };
  });
  return sum(await Promise.all(batches.map(inWorker)));
}

function inWorker(batch: Batch): Promise<BatchReport> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(fileURLToPath(import.meta.url), {
      workerData: batch,
      argv: [],
      // Worlds make much garbage that does not live long.
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

async function replay({ seed, ...kind }: Seed, verbose: boolean): Promise<void> {
  const { violation, trace, coverage, steps } = await runWorld(seed, kind);
  const lines = verbose || !violation ? trace.last(trace.length) : trace.last(TRACE_LINES);
  for (const line of lines) console.log(line);
  if (violation) console.log(`seed ${seed} breaks "${violation.invariant}": ${violation.message}`);
  else console.log(`seed ${seed}: all invariants held. Seen: ${[...coverage].sort().join(", ")}`);
  console.log(`${steps} events, trace ${hexOf(trace.hash)}`);
  process.exitCode = violation ? 1 : 0;
}

function hexOf(hash: number): string {
  return hash.toString(16).padStart(8, "0");
}

function printFailure({ seed, invariant, detail, trace, ...kind }: Failure): void {
  for (const line of trace) console.log(line);
  console.log(`seed ${seed} breaks "${invariant}": ${detail}`);
  const options = KINDS.filter((name) => kind[name]).map((name) => ` --${name}`);
  console.log(`again: node test/simulation/simulate.ts --seed ${seed}${options.join("")} --verbose\n`);
}

function printList(failures: readonly Failure[]): void {
  console.log("failing seeds:");
  for (const { seed, invariant, detail, ...kind } of failures) {
    const marks = KINDS.filter((name) => kind[name]).map((name) => MARKS[name]);
    console.log(`  ${seed}${marks.join("")}  ${invariant}: ${detail.slice(0, 120)}`);
  }
}

function printCoverage({ coverage, runs }: BatchReport): void {
  const sorted = [...coverage].sort((a, b) => b[1] - a[1]);
  console.log("runs that saw:");
  for (const [what, count] of sorted) {
    console.log(`  ${String(count).padStart(7)} ${((100 * count) / runs).toFixed(1).padStart(5)} %  ${what}`);
  }
}
