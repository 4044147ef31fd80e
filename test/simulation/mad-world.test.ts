import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ServerGeneration } from "../../src/protocol/registry.ts";
import { runMadWorld } from "./mad-world.ts";

const GENERATIONS: readonly ServerGeneration[] = ["2025-11-25", "2026-07-28"];
const WORLDS = 300;

describe.each(GENERATIONS)("a running client of %s", (generation) => {
  it(`sees its tasks through ${WORLDS} servers that go mad and come to their senses`, async () => {
    let nonsense = 0;
    let settled = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const report = await runMadWorld(seed, generation);
        nonsense += report.nonsense;
        settled += report.settled;
        if (!report.violation) return;
        const { invariant, message } = report.violation;
        throw new Error(`${invariant}: ${message}\n${report.trace.last(40).join("\n")}`);
      }),
      { numRuns: WORLDS },
    );
    expect(nonsense).toBeGreaterThan(5 * WORLDS);
    expect(settled).toBeGreaterThan(WORLDS);
  }, 120_000);
});
