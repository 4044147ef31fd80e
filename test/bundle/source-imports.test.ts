import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { expect, test } from "vitest";
import { ROOT } from "./package-build.ts";

/** Specifiers of static and dynamic imports and re-exports. */
const SPECIFIER = /(?:\bfrom\s*|\bimport\s*\(?\s*)["']([^"']+)["']/g;

test("nothing under src imports a Node built-in", () => {
  const files = readdirSync(`${ROOT}src`, { recursive: true, encoding: "utf8" }).filter((path) =>
    /\.tsx?$/.test(path),
  );
  const imports = files.flatMap((path) =>
    [...readFileSync(`${ROOT}src/${path}`, "utf8").matchAll(SPECIFIER)].map(([, specifier = ""]) => ({
      path,
      specifier,
    })),
  );
  expect(files).toContain("index.ts");
  expect(imports.length).toBeGreaterThan(files.length);
  expect(imports.filter(({ specifier }) => isBuiltin(specifier))).toEqual([]);
});
