import { expect, it } from "vitest";
import { runBatch, type Seed, share, sum } from "./batch.ts";
import { Violation } from "./invariants.ts";
import { Trace } from "./trace.ts";
import type { WorldReport } from "./world.ts";

const RANGE = { from: 10, runs: 7, stride: 1, contended: true };
const BATCH = { seeds: RANGE, until: Number.POSITIVE_INFINITY, first: false, traceLines: 5 };

/** Worlds of which every third fails. */
async function everyThird(seed: number): Promise<WorldReport> {
  const violation = seed % 3 === 0 ? new Violation("a promise", `of ${seed}`) : undefined;
  return { seed, violation, coverage: ["a crash"], trace: new Trace(), steps: 2 };
}

it("runBatch() goes on past a world that fails, and reports each of them", async () => {
  const { runs, steps, coverage, failures } = await runBatch(BATCH, everyThird);
  expect([runs, steps, coverage.get("a crash")]).toEqual([7, 14, 7]);
  expect(failures).toMatchObject([
    { seed: 12, contended: true, invariant: "a promise", detail: "of 12" },
    { seed: 15, contended: true, invariant: "a promise", detail: "of 15" },
  ]);
});

it("runBatch() traces only the worlds that fail, in a second run", async () => {
  const seen: [number, boolean][] = [];
  await runBatch(BATCH, (seed, _kind, traced) => {
    seen.push([seed, traced]);
    return everyThird(seed);
  });
  expect(seen.filter(([, traced]) => traced)).toEqual([
    [12, true],
    [15, true],
  ]);
  expect(seen.filter(([, traced]) => !traced)).toHaveLength(7);
});

it("runBatch() stops at the first failure, or when its time is over, if its options say so", async () => {
  expect(await runBatch({ ...BATCH, first: true }, everyThird)).toMatchObject({
    runs: 3,
    failures: [{ seed: 12 }],
  });
  expect(await runBatch({ ...BATCH, until: 0 }, everyThird)).toMatchObject({ runs: 0, failures: [] });
});

it.each([
  ["a range", RANGE],
  ["a list", Array.from({ length: 7 }, (_, index): Seed => ({ seed: 10 + index, contended: index > 3 }))],
])("share() splits %s into batches that run each seed once", async (_what, seeds) => {
  const shares = [0, 1, 2].map((index) => share(seeds, index, 3));
  const seen: string[] = [];
  const reports = shares.map((own) =>
    runBatch({ ...BATCH, seeds: own }, (seed, { contended }) => {
      seen.push(`${seed}${contended}`);
      return everyThird(seed);
    }),
  );
  expect(sum(await Promise.all(reports))).toMatchObject({ runs: 7, failures: [{ seed: 12 }, { seed: 15 }] });
  expect(new Set(seen).size).toBe(7);
});
