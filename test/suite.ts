import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { stripVTControlCharacters } from "node:util";

/**
 * `npm test`: all projects of the suite, in three chains side by side, since each of them waits a great deal. Their output is
 * seen as it comes; what failed is said once more at the end, where whoever reads only the last lines finds it.
 *
 * `npm run test:all` (`--all`) also runs those that install packages from the registry or browsers from Debian, one after the other.
 */
const CHAINS = [[["browser"]], [["edge"], ["extension"], ["proxy"], ["serve"]], [["node", "workers"]]];
const ON_DEMAND = [
  ["everywhere"],
  ["firefox"],
  ["packed"],
  ["newcomer"],
  ["proxy-installed"],
  ["pairs-public"],
  ["workflows-installed"],
];
/** Computes more than it waits: the others, which wait for browsers and servers, come first. */
const IN_THE_BACKGROUND = "node+workers";
const ALL = process.argv.includes("--all");
const LOGS = "results/test";
/** Under it vitest repeats, after all files, what failed and why. */
const VERDICT = /⎯ (Failed Tests|Failed Suites|Unhandled (Errors?|Rejections?))/;
const LONGEST_VERDICT = 12_000;
/** In it, of each that failed: which it is, and the line that says why. */
const FAILED = /^ FAIL .*\n.*$/gm;

interface Run {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
  readonly output: string;
}

mkdirSync(LOGS, { recursive: true });
const runs = (await Promise.all(CHAINS.map(runInTurn))).flat();
if (ALL) runs.push(...(await runInTurn(ON_DEMAND)));

for (const { name, passed, seconds } of runs)
  console.log(`${passed ? "passed" : "FAILED"}  ${name}  ${seconds.toFixed(0)} s`);
const failed = runs
  .filter(({ passed }) => !passed)
  .map(({ name, output }) => ({ name, verdict: verdictIn(stripVTControlCharacters(output)) }));
for (const { name, verdict } of failed) {
  console.log(`\n=== ${name} failed; all of its output: ${LOGS}/${name}.log\n${verdict}`);
}
// Last of all and short: a record that keeps only so much of a run keeps this.
for (const { name, verdict } of failed) {
  console.log(`\n=== ${name} failed:\n${verdict.match(FAILED)?.join("\n") ?? verdict.slice(-1_500)}`);
}
process.exitCode = runs.every(({ passed }) => passed) ? 0 : 1;

async function runInTurn(chain: readonly (readonly string[])[]): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for (const projects of chain) runs.push(await run(projects));
  return runs;
}

function run(projects: readonly string[]): Promise<Run> {
  const name = projects.join("+");
  const began = performance.now();
  const log = createWriteStream(`${LOGS}/${name}.log`);
  const vitest = spawn(
    "vitest",
    ["run", "--silent=passed-only", ...projects.flatMap((project) => ["--project", project])],
    {
      // 100 kills a database (`test:leases`).
      env: { ...process.env, WRANGLER_SEND_METRICS: "false", ...(ALL && { LEASE_KILLS: "50" }) },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  if (name === IN_THE_BACKGROUND && vitest.pid !== undefined) {
    setPriority(vitest.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  }
  const said: string[] = [];
  for (const stream of [vitest.stdout, vitest.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said.push(text);
      log.write(text);
      process.stdout.write(text);
    });
  }
  return new Promise((resolve, reject) => {
    vitest.on("error", reject);
    vitest.on("close", (code) => {
      log.end();
      resolve({
        name,
        passed: code === 0,
        seconds: (performance.now() - began) / 1000,
        output: said.join(""),
      });
    });
  });
}

function verdictIn(output: string): string {
  const from = output.search(VERDICT);
  return from === -1 ? output.slice(-LONGEST_VERDICT) : output.slice(from, from + LONGEST_VERDICT);
}
