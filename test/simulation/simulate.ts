/**
 * Runs simulated worlds: `node test/simulation/simulate.ts --runs 20000 [--from N] [--contended]
 * [--verbose]`, or one of them again with its trace: `--seed N`. `--contended`: in each, tabs contend for the lead.
 * Exits with 1 when a promise of the library was broken.
 */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { type Batch, type BatchReport, type Failure, runBatch, sum } from "./batch.ts";
import { runWorld } from "./world.ts";

/** How much of a failing world's trace is shown. */
const TRACE_LINES = 40;
const WORKERS = Math.min(2, availableParallelism());

if (isMainThread) await main();
else parentPort?.postMessage(await runBatch(workerData as Batch));

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "2000" },
      from: { type: "string", default: "1" },
      seed: { type: "string" },
      workers: { type: "string", default: String(WORKERS) },
      contended: { type: "boolean", default: false },
      verbose: { type: "boolean", default: false },
    },
  });
  if (values.seed !== undefined) return replay(Number(values.seed), values.contended, values.verbose);
  const [runs, from, workers] = [Number(values.runs), Number(values.from), Number(values.workers)];
  if (![runs, from, workers].every(Number.isInteger))
    throw new Error("--runs, --from and --workers are whole numbers");
  const began = performance.now();
  const report = await inParallel(runs, from, values.contended, workers);
  const seconds = (performance.now() - began) / 1000;
  const { failures, steps } = report;
  printCoverage(report);
  const [failure] = failures;
  if (failure) printFailure(failure, values.contended);
  const pace = `${(report.runs / seconds).toFixed(0)} runs/s, ${(steps / report.runs).toFixed(0)} events a run`;
  const verdict = failure ? `seed ${failure.seed} failed` : "all invariants held";
  console.log(`simulation: ${report.runs} runs in ${seconds.toFixed(1)} s (${pace}): ${verdict}`);
  process.exitCode = failure ? 1 : 0;
}

async function inParallel(
  runs: number,
  from: number,
  contended: boolean,
  workers: number,
): Promise<BatchReport> {
  if (workers <= 1) return runBatch({ from, runs, stride: 1, contended, traceLines: TRACE_LINES });
  const batches = Array.from({ length: workers }, (_, index): Batch => {
    const share = Math.floor(runs / workers) + (index < runs % workers ? 1 : 0);
    return { from: from + index, runs: share, stride: workers, contended, traceLines: TRACE_LINES };
  });
  return sum(await Promise.all(batches.map(inWorker)));
}

function inWorker(batch: Batch): Promise<BatchReport> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: batch, argv: [] });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

async function replay(seed: number, contended: boolean, verbose: boolean): Promise<void> {
  const { violation, trace, coverage, steps } = await runWorld(seed, contended);
  const lines = verbose || !violation ? trace.last(trace.length) : trace.last(TRACE_LINES);
  for (const line of lines) console.log(line);
  if (violation) console.log(`seed ${seed} breaks "${violation.invariant}": ${violation.message}`);
  else console.log(`seed ${seed}: all invariants held. Seen: ${[...coverage].sort().join(", ")}`);
  console.log(`${steps} events, trace ${trace.hash}`);
  process.exitCode = violation ? 1 : 0;
}

function printFailure({ seed, invariant, detail, trace }: Failure, contended: boolean): void {
  for (const line of trace) console.log(line);
  console.log(`seed ${seed} breaks "${invariant}": ${detail}`);
  console.log(
    `again: node test/simulation/simulate.ts --seed ${seed}${contended ? " --contended" : ""} --verbose`,
  );
}

function printCoverage({ coverage, runs }: BatchReport): void {
  const sorted = [...coverage].sort((a, b) => b[1] - a[1]);
  console.log("runs that saw:");
  for (const [what, count] of sorted) {
    console.log(`  ${String(count).padStart(7)} ${((100 * count) / runs).toFixed(1).padStart(5)} %  ${what}`);
  }
}
