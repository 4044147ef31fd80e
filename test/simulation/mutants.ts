/**
 * Breaks the library line by line and has the simulation find it: `node test/simulation/mutants.ts
 * [--runs N] [--only TEXT]`. Exits with 1 when a mutant survives.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { MUTATIONS, type Mutation } from "./mutations.ts";

interface Verdict {
  readonly mutation: Mutation;
  /** Nothing if it survived. */
  readonly caught?: { readonly seed: string; readonly invariant: string };
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** A mutant may go round in circles: then its world does not come to an end. */
const PATIENCE_MS = 240_000;

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
const survivors = verdicts.filter(({ caught }) => !caught);
console.log(`${verdicts.length - survivors.length} of ${verdicts.length} mutants caught`);
process.exitCode = survivors.length > 0 ? 1 : 0;

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
    await cp(join(ROOT, "test/simulation"), join(copy, "test/simulation"), { recursive: true });
    await writeFile(join(copy, "package.json"), '{ "type": "module" }');
    await writeFile(join(copy, "src", mutation.file), await mutated(mutation));
    const output = await simulate(copy);
    const found = /seed (\d+) breaks "([^"]+)"/.exec(output);
    if (found?.[1] && found[2]) return { mutation, caught: { seed: found[1], invariant: found[2] } };
    if (/all invariants held/.test(output)) return { mutation };
    if (output === "") return { mutation, caught: { seed: "?", invariant: "a world comes to its end" } };
    throw new Error(`Mutation "${mutation.name}": the simulation failed otherwise:\n${output}`);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

function simulate(copy: string): Promise<string> {
  const script = join(copy, "test/simulation/simulate.ts");
  return new Promise((resolve) => {
    const options = { timeout: PATIENCE_MS, maxBuffer: 64 * 2 ** 20 };
    execFile(
      process.execPath,
      [script, "--workers", "1", "--runs", values.runs],
      options,
      (error, stdout, stderr) => {
        resolve(error?.killed ? "" : stdout + stderr);
      },
    );
  });
}

function lineOf({ mutation, caught }: Verdict): string {
  const what = caught ? `caught at seed ${caught.seed.padStart(5)} by "${caught.invariant}"` : "SURVIVED";
  return `${mutation.name.padEnd(66)} ${what}`;
}
