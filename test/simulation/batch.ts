import { runWorld } from "./world.ts";

/** One seed that broke a promise. */
export interface Failure {
  readonly seed: number;
  readonly invariant: string;
  readonly detail: string;
  readonly trace: readonly string[];
}

/** What came of a number of worlds. */
export interface BatchReport {
  readonly runs: number;
  readonly steps: number;
  /** In how many worlds each thing occurred. */
  readonly coverage: ReadonlyMap<string, number>;
  readonly failures: readonly Failure[];
}

export interface Batch {
  readonly from: number;
  readonly runs: number;
  /** The seeds are taken in strides, so that several batches share a range evenly. */
  readonly stride: number;
  /** Only worlds in which tabs contend for the lead. */
  readonly contended: boolean;
  /** How many lines of a failing world's trace are kept. */
  readonly traceLines: number;
}

/** Runs worlds one after the other, and stops at the first that fails. */
export async function runBatch({ from, runs, stride, contended, traceLines }: Batch): Promise<BatchReport> {
  const coverage = new Map<string, number>();
  const failures: Failure[] = [];
  let steps = 0;
  let done = 0;
  for (; done < runs && failures.length === 0; done++) {
    const seed = from + done * stride;
    const world = await runWorld(seed, contended);
    steps += world.steps;
    for (const what of world.coverage) coverage.set(what, (coverage.get(what) ?? 0) + 1);
    const { violation, trace } = world;
    if (violation) {
      const { invariant, message } = violation;
      failures.push({ seed, invariant, detail: message, trace: trace.last(traceLines) });
    }
  }
  return { runs: done, steps, coverage, failures };
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
    failures: reports.flatMap(({ failures }) => failures).sort((a, b) => a.seed - b.seed),
  };
}
