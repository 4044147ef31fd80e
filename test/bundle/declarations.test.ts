import { existsSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { MANIFEST, PackageBuild } from "./package-build.ts";

let build: PackageBuild;

beforeAll(() => {
  build = new PackageBuild();
});

afterAll(() => build.remove());

test("every entry of package.json's exports has its code and its types after the build", () => {
  expect(build.entryPoints.map(({ specifier }) => specifier)).toContain("holdfast");
  expect(build.entryPoints).toHaveLength(Object.keys(MANIFEST.exports).length);
  const missing = build.entryPoints
    .flatMap(({ code, types }) => [code, types])
    .filter((path) => !existsSync(path));
  expect(missing).toEqual([]);
});

test("the declaration map of every entry leads to a source that the package ships", () => {
  expect(manifest.files).toContain("src");
  const sources = build.entryPoints.map(({ types }) => {
    const map = JSON.parse(readFileSync(`${types}.map`, "utf8")) as { readonly sources: readonly string[] };
    return { types: basename(types), sources: map.sources.map((source) => basename(source)) };
  });
  const astray = sources.filter(({ types, sources }) => sources[0] !== types.replace(/\.d\.ts$/, ".ts"));
  expect(astray).toEqual([]);
});

test("the types of no entry need those of Node", () => {
  const needing = build.entryPoints.filter(({ types }) => {
    const text = readFileSync(types, "utf8");
    const imported = [...text.matchAll(/from "([^"]+)"/g)].map(([, specifier]) => specifier ?? "");
    return imported.some((specifier) => isBuiltin(specifier)) || /\bBuffer\b|NodeJS\./.test(text);
  });
  expect(needing).toEqual([]);
});
