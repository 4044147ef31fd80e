import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const SIMULATE = fileURLToPath(new URL("simulate.ts", import.meta.url));
const RUNS = process.env.HOLDFAST_SIMULATION_RUNS ?? "2000";

interface Ended {
  readonly code: number;
  readonly output: string;
}

/** In a process of its own, whose globals no test framework has touched. */
function simulate(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [SIMULATE, ...args],
      { maxBuffer: 64 * 2 ** 20 },
      (_error, out, err) => resolve({ code: child.exitCode ?? -1, output: out + err }),
    );
  });
}

describe("the simulation", () => {
  it(`keeps every invariant in ${RUNS} worlds`, async () => {
    const { code, output } = await simulate("--runs", RUNS);
    console.log(output.trimEnd().split("\n").at(-1));
    expect(code, output).toBe(0);
  }, 600_000);

  it.each(["7", "404", "1917"])("replays seed %s exactly", async (seed) => {
    const [first, second] = await Promise.all([simulate("--seed", seed), simulate("--seed", seed)]);
    expect(first.output).toMatch(/trace [0-9a-f]{8}/);
    expect(second.output).toBe(first.output);
  });
});
