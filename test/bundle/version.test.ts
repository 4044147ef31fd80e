import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { VERSION } from "../../src/version.ts";

it("VERSION is the version of package.json", () => {
  expect(VERSION).toBe(manifest.version);
});

it("no source writes the package's version but src/version.ts", () => {
  const sources = globSync("{src,front,proxy,worker,ui,web,extension}/**/*.{ts,tsx,html}", {
    exclude: (path) => /(^|\/)dist(\/|$)/.test(path),
  });
  const writing = sources.filter((path) => readFileSync(path, "utf8").includes(`"${manifest.version}"`));
  expect(writing).toEqual(["src/version.ts"]);
});
