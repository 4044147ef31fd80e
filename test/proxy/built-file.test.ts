import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { HOLDFAST } from "./proxied-client.ts";

test("The command is one file that needs no package, of at most 229 kB gzipped", () => {
  expect(readdirSync(dirname(HOLDFAST))).toEqual(["holdfast.cjs"]);
  const code = readFileSync(HOLDFAST, "utf8");
  const required = [...code.matchAll(/\brequire\(\\?"([^"\\]+)\\?"\)/g)].map(([, name = ""]) => name);
  expect(required).toContain("node:sqlite");
  // The SDK's ajv has its own modules in texts of the code that it would make of a schema.
  const packages = required.filter((name) => !isBuiltin(name) && !/^ajv(-formats)?\/dist\//.test(name));
  // The package's own other half, which `holdfast serve` alone loads.
  expect(packages).toEqual(["../serve/serve.cjs"]);
  expect(code).not.toMatch(/\bimport\(/);
  const gzipped = gzipSync(code).length;
  console.log(`holdfast.cjs: ${code.length} bytes, ${gzipped} gzipped`);
  expect(gzipped).toBeGreaterThan(100_000);
  expect(gzipped).toBeLessThanOrEqual(229_000);
});
