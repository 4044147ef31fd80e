import { runWorld, type WorldKind, type WorldReport } from "./world.ts";

/** One world: the same seed plays it again. */
export interface Seed extends WorldKind {
  readonly seed: number;
}

/** One seed that broke a promise. */
export interface Failure extends Seed {
  readonly invariant: string;
  readonly detail: string;
  readonly trace: readonly string[];
}

/** The result of a number of worlds. */
export interface BatchReport {
  readonly runs: number;
  readonly steps: number;
  /** In how many worlds each thing occurred. */
  readonly coverage: ReadonlyMap<string, number>;
  readonly failures: readonly Failure[];
  /** The sum of the traces' hashes (32 bits); of untraced worlds, 0. */
  readonly hash: number;
}

export interface Batch {
  readonly seeds: SeedRange | readonly Seed[];
  /** When to stop, in ms since 1970, however many seeds are left. */
  readonly until: number;
  /** Stop at the first world that fails. */
  readonly first: boolean;
  /** How many lines of a failing world's trace are kept. */
  readonly traceLines: number;
  /** Trace every world. A batch whose hash a change leaves as it was consists of the same worlds as before. */
  readonly traced?: boolean;
}

/** `runs` seeds from `from` on, `stride` apart, so that several batches share a range evenly. */
export interface SeedRange extends WorldKind {
  readonly from: number;
  readonly runs: number;
  readonly stride: number;
}

type Run = (seed: number, kind: WorldKind, traced: boolean) => Promise<Omit<WorldReport, "seed">>;

/** Runs worlds one after the other. One that fails is run again for its trace. */
export async function runBatch(
  { seeds, until, first, traceLines, traced = false }: Batch,
  run: Run = runWorld,
): Promise<BatchReport> {
  const coverage = new Map<string, number>();
  const failures: Failure[] = [];
  let steps = 0;
  let runs = 0;
  let hash = 0;
  for (const { seed, ...kind } of each(seeds)) {
    if (Date.now() >= until || (first && failures.length > 0)) break;
    const world = await run(seed, kind, traced);
    runs++;
    steps += world.steps;
    if (traced) hash = (hash + world.trace.hash) >>> 0;
    for (const what of world.coverage) coverage.set(what, (coverage.get(what) ?? 0) + 1);
    if (!world.violation) continue;
    const { violation, trace } = await run(seed, kind, true);
    const { invariant, message: detail } = violation ?? world.violation;
    const last = trace.last(traceLines);
    failures.push({ seed, ...kind, invariant, detail, trace: last });
  }
  return { runs, steps, coverage, failures, hash };
}

/** Several batches' reports as one. */
export function sum(reports: readonly BatchReport[]): BatchReport {
  const coverage = new Map<string, number>();
  for (const report of reports) {
    for (const [what, count] of report.coverage) coverage.set(what, (coverage.get(what) ?? 0) + count);
  }
  return {
    runs: reports.reduce((total, { runs }) => total + runs, 0),
    steps: reports.reduce((total, { steps }) => total + steps, 0),
    coverage,
    hash: reports.reduce((total, { hash }) => (total + hash) >>> 0, 0),
    failures: reports.flatMap(({ failures }) => failures).sort((a, b) => a.seed - b.seed),
  };
}

/** The share of one of `count` batches. */
export function share(seeds: Batch["seeds"], index: number, count: number): Batch["seeds"] {
  if (!("from" in seeds)) return seeds.filter((_seed, at) => at % count === index);
  const { runs, stride } = seeds;
  const own = Math.floor(runs / count) + (index < runs % count ? 1 : 0);
  return { ...seeds, from: seeds.from + index * stride, runs: own, stride: stride * count };
}

function* each(seeds: Batch["seeds"]): Generator<Seed, void, void> {
  if (!("from" in seeds)) return yield* seeds;
  const { from, runs, stride, ...kind } = seeds;
  for (let index = 0; index < runs; index++) yield { seed: from + index * stride, ...kind };
}
