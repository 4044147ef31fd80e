import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { beforeAll, expect, it } from "vitest";
import { ROOT } from "../examples/documents.ts";
import { type Place, programOf } from "./example-programs.ts";
import { exportedFunctions } from "./exported-functions.ts";

/** In the repository, so that `holdfast` is the package itself. */
const FOLDER = join(ROOT, "results/docstring-examples");
const OUT = join(FOLDER, "out");

const functions = exportedFunctions();
const programs = functions.filter(({ example }) => example !== undefined).map(programOf);

beforeAll(() => {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  for (const { file, code } of programs) writeFileSync(join(FOLDER, file), code);
});

it("each function that an entry of the package exports has an example in its docstring", () => {
  expect(functions.length).toBeGreaterThan(120);
  const lacking = functions.filter(({ example }) => !example);
  expect(lacking.map(({ specifier, name }) => `${specifier} ${name}`)).toEqual([]);
});

it("the examples of docstrings have no type error", async () => {
  const tsconfig = {
    extends: "../../test/tsconfig.json",
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false, rootDir: "../.." },
    include: ["*.tsx"],
  };
  writeFileSync(join(FOLDER, "tsconfig.json"), JSON.stringify(tsconfig));
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  const errors = await promisify(execFile)(process.execPath, [
    compiler,
    "-p",
    FOLDER,
    "--pretty",
    "false",
  ]).then(
    () => "",
    ({ stdout }: { readonly stdout: string }) => stdout,
  );
  expect(errors).toBe("");
}, 240_000);

it("the examples of docstrings run", async () => {
  await build({
    entryPoints: programs.map(({ file }) => join(FOLDER, file)),
    outdir: OUT,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    packages: "external",
    platform: "node",
    format: "esm",
    jsx: "automatic",
    // Solid compiles its JSX itself; this runtime does without.
    alias: { "solid-js/jsx-runtime": "solid-js/h/jsx-runtime" },
    logLevel: "error",
  });
  const places: readonly Place[] = ["node", "page", "solid-page"];
  for (const place of places) expect(await failuresIn(place), place).toEqual({});
}, 240_000);

async function failuresIn(place: Place): Promise<Readonly<Record<string, string>>> {
  const files = programs
    .filter((program) => program.place === place)
    .map(({ file }) => join(OUT, file.replace(/\.tsx$/, ".mjs")));
  expect(files.length).toBeGreaterThan(5);
  const runner = join(import.meta.dirname, "run-programs.mjs");
  const conditions = place === "solid-page" ? ["--conditions=browser"] : [];
  const { stdout } = await promisify(execFile)(process.execPath, [...conditions, runner, place, ...files], {
    cwd: OUT,
  });
  const failures = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Record<string, string>;
  return Object.fromEntries(Object.entries(failures).map(([file, failure]) => [basename(file), failure]));
}
