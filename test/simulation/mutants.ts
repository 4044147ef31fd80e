/**
 * Breaks the library line by line and has the simulation find it: `node test/simulation/mutants.ts
 * [--runs N] [--only TEXT]`. Each mutant lives until a world breaks a promise. Exits with 1 when one
 * survives all of them, or is only found because it crashes.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { FAILING_SEEDS } from "./failing-seeds.ts";
import { MUTATIONS, type Mutation } from "./mutations.ts";

interface Verdict {
  readonly mutation: Mutation;
  readonly runs: number;
  readonly ms: number;
  /** The invariant that the first failing world broke; undefined if all held. */
  readonly broken?: { readonly seed: number; readonly invariant: string };
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** A mutant may loop for ever: then its world does not end. */
const PATIENCE_MS = 240_000;
/** Worlds in which tabs contend take this many times as long as others, so this many times fewer are run. */
const CONTENDED_COST = 4;
/** Invariants that any broken program violates. A simulation that sees only these has not found the mutation. */
const CRASHES: ReadonlySet<string> = new Set(["nothing throws", "no rejection is unhandled"]);

const { values } = parseArgs({
  options: { runs: { type: "string", default: "6000" }, only: { type: "string", default: "" } },
});
const mutations = MUTATIONS.filter(({ name }) => name.includes(values.only));
for (const mutation of mutations) await mutated(mutation);
const queue = [...mutations];
const verdicts: Verdict[] = [];
await Promise.all(
  Array.from({ length: Math.min(2, availableParallelism()) }, async () => {
    for (let mutation = queue.shift(); mutation; mutation = queue.shift()) {
      const verdict = await judge(mutation);
      verdicts.push(verdict);
      console.log(lineOf(verdict));
    }
  }),
);
const caught = verdicts.filter(isCaught);
const seconds = (performance.now() / 1000).toFixed(0);
console.log(`${caught.length} of ${verdicts.length} mutants caught in ${seconds} s`);
process.exitCode = caught.length < verdicts.length ? 1 : 0;

/** The file with the mutation in it. Throws when the line is no longer there: then the list must be mended. */
async function mutated({ name, file, find, replace }: Mutation): Promise<string> {
  const source = await readFile(join(ROOT, "src", file), "utf8");
  const parts = source.split(find);
  if (parts.length === 2) return parts.join(replace);
  throw new Error(`Mutation "${name}": its text is found ${parts.length - 1} times in src/${file}`);
}

async function judge(mutation: Mutation): Promise<Verdict> {
  const copy = await mkdtemp(join(tmpdir(), "holdfast-mutant-"));
  try {
    await mkdir(join(copy, "test"));
    await cp(join(ROOT, "src"), join(copy, "src"), { recursive: true });
    for (const folder of ["test/simulation", "test/fixtures"])
      await cp(join(ROOT, folder), join(copy, folder), { recursive: true });
    await writeFile(join(copy, "package.json"), '{ "type": "module" }');
    await writeFile(join(copy, "src", mutation.file), await mutated(mutation));
    const began = performance.now();
    const output = await simulate(copy, mutation);
    const runs = Number(/simulation: (\d+) runs/.exec(output)?.[1]);
    const judged = { mutation, runs, ms: performance.now() - began };
    const [, seed, invariant] = /seed (\d+) breaks "([^"]+)"/.exec(output) ?? [];
    if (invariant !== undefined) return { ...judged, broken: { seed: Number(seed), invariant } };
    if (/all invariants held/.test(output)) return judged;
    throw new Error(`Mutation "${mutation.name}": the simulation failed otherwise:\n${output}`);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Some faults show in one world of ten thousand: those that ever failed come first. */
async function simulate(copy: string, { contended, inbox, paired, http, keyed }: Mutation): Promise<string> {
  if (inbox) return worlds(copy, "--runs", values.runs, "--inbox");
  if (paired) return worlds(copy, "--runs", values.runs, "--paired");
  if (keyed) return worlds(copy, "--runs", values.runs, "--keyed");
  if (http) return worlds(copy, "--runs", values.runs, "--http");
  const output = await worlds(copy, "--seeds", FAILING_SEEDS);
  const runs = Math.ceil(Number(values.runs) / (contended ? CONTENDED_COST : 1));
  if (!/all invariants held/.test(output)) return output;
  return worlds(copy, "--runs", String(runs), ...(contended ? ["--contended"] : []));
}

function worlds(copy: string, ...which: readonly string[]): Promise<string> {
  const script = join(copy, "test/simulation/simulate.ts");
  return new Promise((resolve) => {
    const options = { timeout: PATIENCE_MS, maxBuffer: 64 * 2 ** 20 };
    execFile(
      process.execPath,
      [script, "--first", "--workers", "1", ...which],
      options,
      (error, stdout, stderr) => {
        resolve(error?.killed ? `A world did not come to its end in ${PATIENCE_MS} ms` : stdout + stderr);
      },
    );
  });
}

function isCaught({ broken }: Verdict): boolean {
  return broken !== undefined && !CRASHES.has(broken.invariant);
}

function lineOf(verdict: Verdict): string {
  const { mutation, runs, ms, broken } = verdict;
  const what = broken
    ? `${isCaught(verdict) ? "caught" : "CRASHED"} at seed ${String(broken.seed).padStart(5)} by "${broken.invariant}"`
    : "SURVIVED";
  const cost = `${String(runs).padStart(5)} runs ${ms.toFixed(0).padStart(7)} ms`;
  return `${mutation.name.padEnd(66)} ${cost}  ${what}`;
}
