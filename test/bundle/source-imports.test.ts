import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { MANIFEST, ROOT } from "./package-build.ts";

/** Specifiers of static and dynamic imports and re-exports, outside the examples of docstrings. */
const SPECIFIER = /^(?! *\*).*(?:\bfrom\s*|\bimport\s*\(?\s*)["']([^"']+)["']/gm;

const files = readdirSync(`${ROOT}src`, { recursive: true, encoding: "utf8" }).filter((path) =>
  /\.tsx?$/.test(path),
);
const imports = files.flatMap((path) =>
  [...readFileSync(`${ROOT}src/${path}`, "utf8").matchAll(SPECIFIER)].map(([, specifier = ""]) => ({
    path,
    specifier,
  })),
);

test("nothing under src imports a Node built-in", () => {
  expect(files).toContain("index.ts");
  expect(imports.length).toBeGreaterThan(files.length);
  expect(imports.filter(({ specifier }) => isBuiltin(specifier))).toEqual([]);
});

test("nothing under src imports a file of the proxy, the worker or any other folder beside it", () => {
  const relative = imports.filter(({ specifier }) => specifier.startsWith("."));
  expect(relative.length).toBeGreaterThan(files.length);
  const outside = relative.filter(
    ({ path, specifier }) => !join("src", dirname(path), specifier).startsWith("src/"),
  );
  expect(outside).toEqual([]);
});

test("the package installs idb-keyval and nothing else", () => {
  expect(MANIFEST.dependencies).toEqual({ "idb-keyval": "6.3.0" });
  expect(Object.keys(MANIFEST.peerDependencies)).toEqual([
    "@modelcontextprotocol/client",
    "@modelcontextprotocol/sdk",
    // Of `holdfast/otel` alone.
    "@opentelemetry/api",
    "react",
    "solid-js",
    "svelte",
    "vue",
    // Of `holdfast serve` alone.
    "workerd",
  ]);
  expect(MANIFEST.optionalDependencies).toBeUndefined();
});
