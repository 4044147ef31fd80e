import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { MUTATIONS } from "./mutations.ts";

// `npm run simulate:mutants` takes minutes, and runs rarely: a mutation whose line has moved on must be seen at once.
describe("each mutation of the simulation", () => {
  it.each(MUTATIONS)("stands in the library exactly once: $name", async ({ file, find, replace }) => {
    const source = await readFile(new URL(`../../src/${file}`, import.meta.url), "utf8");
    expect(source.split(find).length - 1).toBe(1);
    expect(source.replace(find, () => replace)).not.toBe(source);
  });

  it("has a name of its own", () => {
    expect(new Set(MUTATIONS.map(({ name }) => name)).size).toBe(MUTATIONS.length);
  });
});
