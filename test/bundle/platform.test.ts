import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundled } from "./bundled.ts";
import { MANIFEST, PackageBuild } from "./package-build.ts";
import { findStringEvaluation } from "./string-evaluation.ts";

/**
 * zod looks whether it may make code of strings, and makes none where it may not; the SDKs use it to
 * parse messages. Their parsers are named one by one: anything else is found.
 */
const ZOD_PROBES = ["zod/v4/core/util.js", "zod/v4/core/doc.js"];

let build: PackageBuild;

beforeAll(() => {
  build = new PackageBuild();
});

afterAll(() => build.remove());

function entryPoint(specifier: string): string {
  const entry = build.entryPoints.find((candidate) => candidate.specifier === specifier);
  if (!entry) throw new Error(`${specifier} is not in the build`);
  return `export * from ${JSON.stringify(entry.code)};`;
}

const SPECIFIERS = Object.keys(MANIFEST.exports).map((path) => path.replace(/^\./, MANIFEST.name));
const CASES = SPECIFIERS.flatMap((specifier) =>
  (["browser", "workerd"] as const).map((target) => ({ specifier, target })),
);

/** Its server rendering loads `node:async_hooks` where that exists, and goes without it elsewhere. */
const PEER_WITH_BUILTINS = "node_modules/svelte/";

describe.each(CASES)("$specifier with its peers, bundled for $target", ({ specifier, target }) => {
  test("imports nothing of Node", async () => {
    const { code, builtins } = await bundled(entryPoint(specifier), target);
    expect(code.length).toBeGreaterThan(100);
    const own = builtins.filter((builtin) => !builtin.includes(PEER_WITH_BUILTINS));
    expect(own).toEqual([]);
  });

  test("makes no code of strings, and does not reach ajv", async () => {
    const { code, modules } = await bundled(entryPoint(specifier), target);
    const made = findStringEvaluation(code).filter(
      ({ module }) => !ZOD_PROBES.some((probe) => module.endsWith(probe)),
    );
    expect(made).toEqual([]);
    expect(modules.filter((path) => path.includes("/ajv"))).toEqual([]);
  });
});

describe("what the checks would find", () => {
  test("the v1 SDK's Client makes code of strings, through ajv", async () => {
    const { code, modules } = await bundled(
      `export { Client } from "@modelcontextprotocol/sdk/client/index.js";`,
      "browser",
    );
    expect(modules.some((path) => path.includes("/ajv/"))).toBe(true);
    expect(findStringEvaluation(code).some(({ module }) => module.includes("/ajv/"))).toBe(true);
  });

  test.each([
    "eval('1')",
    "(0, eval)('1')",
    "new Function('1')",
    "Function('1')",
    "const F = Function; new F('1')",
    "globalThis.Function('1')",
    "const { a = Function } = {}; a('1')",
  ])("%s", (code) => {
    expect(findStringEvaluation(`${code};\n`)).toHaveLength(1);
  });

  test.each([
    "x instanceof Function",
    "typeof Function",
    "Function.prototype.call",
    "({ Function: 1 })",
    "a.eval('1')",
    "'new Function(1)'",
  ])("and not %s", (code) => {
    expect(findStringEvaluation(`${code};\n`)).toEqual([]);
  });

  test("an import of a built-in, with and without its scheme", async () => {
    const { builtins } = await bundled(`import "node:fs"; import "crypto";`, "browser");
    expect(builtins.map((found) => found.split(" ")[0])).toEqual(["node:fs", "crypto"]);
  });
});
