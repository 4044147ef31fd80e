import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import budget from "../../bench/budget.json" with { type: "json" };
import { ROOT } from "./package-build.ts";
import { findStringEvaluation } from "./string-evaluation.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-browser-file-"));
const file = join(folder, "browser.js");
let code: string;

beforeAll(() => {
  execFileSync(process.execPath, ["toolchain/build-browser.ts", file], { cwd: ROOT });
  code = readFileSync(file, "utf8");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("holdfast/browser.js imports nothing and makes no code of strings", () => {
  expect(code.match(/\bimport\s*[("'`{*]|\}\s*from\s*["'`]/g)).toBeNull();
  expect(findStringEvaluation(code)).toEqual([]);
});

test("holdfast/browser.js exports what holdfast, holdfast/http and holdfast/indexeddb export", async () => {
  const names = async (specifier: string): Promise<readonly string[]> =>
    Object.keys((await import(/* @vite-ignore */ specifier)) as object);
  const parts = (
    await Promise.all(
      ["src/index.ts", "src/channel/http.ts", "src/store/indexeddb.ts"].map((path) =>
        names(`${ROOT}${path}`),
      ),
    )
  ).flat();
  expect(await names(pathToFileURL(file).href)).toEqual([...new Set(parts)].sort());
});

test("holdfast/browser.js weighs no more than the entries in it", () => {
  expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(
    budget.bytes["holdfast + holdfast/indexeddb + holdfast/http"],
  );
});

test("the source map of holdfast/browser.js leads to sources that the package ships", () => {
  expect(code).toContain("//# sourceMappingURL=browser.js.map");
  const { sources } = JSON.parse(readFileSync(`${file}.map`, "utf8")) as {
    readonly sources: readonly string[];
  };
  expect(
    sources.filter((source) => !/\/(src\/.*\.ts|node_modules\/idb-keyval\/.*\.js)$/.test(source)),
  ).toEqual([]);
});
