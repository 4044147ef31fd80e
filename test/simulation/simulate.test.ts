import { execFile, execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { FAILING_SEEDS } from "./failing-seeds.ts";

const SIMULATE = fileURLToPath(new URL("simulate.ts", import.meta.url));
const RUNS = Number(process.env.HOLDFAST_SIMULATION_RUNS ?? "800");
const TIMEOUT_MS = 600_000;

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

async function expectToHold(...args: readonly string[]): Promise<void> {
  const { code, output } = await simulate(...args);
  console.log(`${args.join(" ")}: ${output.trimEnd().split("\n").at(-1)}`);
  expect(code, output).toBe(0);
}

/** Where the fresh seeds begin: each commit has its own. */
function seedOfCommit(): number {
  try {
    const head = execFileSync("git", ["rev-parse", "HEAD"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return Number.parseInt(head.slice(0, 7), 16);
  } catch {
    // A source archive is no checkout: it has no commit to derive seeds from.
    return 10_000;
  }
}

describe("the simulation", () => {
  const fixed = Math.ceil(RUNS / 4);
  const from = String(seedOfCommit());

  it(
    `keeps every invariant in the worlds 1 to ${fixed}`,
    () => expectToHold("--runs", String(fixed)),
    TIMEOUT_MS,
  );

  it(
    `keeps every invariant in fresh worlds from ${from} on, derived from the commit`,
    () => expectToHold("--runs", String(RUNS - fixed), "--from", from),
    TIMEOUT_MS,
  );

  it(
    `keeps every invariant in fresh contended worlds from ${from} on`,
    () => expectToHold("--contended", "--runs", String(Math.ceil(RUNS / 8)), "--from", from),
    TIMEOUT_MS,
  );

  it(
    `keeps every invariant in fresh worlds with an inbox from ${from} on`,
    () => expectToHold("--inbox", "--runs", String(Math.ceil(RUNS / 8)), "--from", from),
    TIMEOUT_MS,
  );

  it(
    `keeps every invariant in fresh worlds with pairs of tools from ${from} on`,
    () => expectToHold("--paired", "--runs", String(Math.ceil(RUNS / 8)), "--from", from),
    TIMEOUT_MS,
  );

  it(
    `keeps every invariant in fresh worlds with idempotency keys from ${from} on`,
    () => expectToHold("--keyed", "--runs", String(Math.ceil(RUNS / 8)), "--from", from),
    TIMEOUT_MS,
  );

  it(
    `keeps every invariant in fresh worlds by holdfast/http from ${from} on`,
    () => expectToHold("--http", "--runs", String(Math.ceil(RUNS / 2)), "--from", from),
    TIMEOUT_MS,
  );

  it(
    "keeps every invariant in each world that ever failed",
    () => expectToHold("--seeds", FAILING_SEEDS),
    TIMEOUT_MS,
  );

  it.each(["7", "404", "1917"])("replays seed %s exactly", async (seed) => {
    const [first, second] = await Promise.all([simulate("--seed", seed), simulate("--seed", seed)]);
    expect(first.output).toMatch(/trace [0-9a-f]{8}/);
    expect(second.output).toBe(first.output);
  });
});
