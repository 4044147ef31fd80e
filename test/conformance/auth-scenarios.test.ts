import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AUTH_SUITES, expectAuthPassed, runAuthSuite } from "./auth-scenarios.ts";
import { NODE, ROOT } from "./scenarios.ts";

let folder: string;
/** The driver in one file: each of the suite's clients is a process, and most of its time went into reading its modules. */
let driver: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-driver-"));
  driver = join(folder, "driver.mjs");
  await build({
    entryPoints: [join(ROOT, "test/conformance/driver.ts")],
    outfile: driver,
    bundle: true,
    platform: "node",
    format: "esm",
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the official conformance suite's authorization scenarios, on holdfast/http", () => {
  test.for(AUTH_SUITES)("$suite at $version", { timeout: 240_000 }, async (suite) => {
    const runs = await runAuthSuite(suite, `exec ${NODE} ${driver} http auto`);
    for (const [scenario, run] of runs) expectAuthPassed(scenario, run);
    expect(runs.size).toBe(suite.scenarios.length);
  });
});
