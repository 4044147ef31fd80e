import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { runWorld } from "./world.ts";

const RUNS = process.env.HOLDFAST_SIMULATION_RUNS ?? "2000";
const run = promisify(execFile);

describe("the simulation", () => {
  it(`holds its invariants in ${RUNS} worlds`, { timeout: 240_000 }, async () => {
    const script = join(import.meta.dirname, "simulate.ts");
    const { stdout } = await run(process.execPath, [script, "--runs", RUNS]).catch(
      (failed: { stdout: string }) => failed,
    );
    console.log(stdout.trim().split("\n").at(-1));
    expect(stdout).toContain(`simulation: ${RUNS} runs`);
    expect(stdout).toContain("all invariants held");
  });

  it("plays a seed the same way each time, and another seed another way", async () => {
    const [once, again, other] = [await runWorld(7), await runWorld(7), await runWorld(8)];
    expect(again.trace.hash).toBe(once.trace.hash);
    expect(again.steps).toBe(once.steps);
    expect(other.trace.hash).not.toBe(once.trace.hash);
  });
});
