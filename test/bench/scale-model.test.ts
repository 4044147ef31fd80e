import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { estimate } from "../../bench/scale-model/model.ts";
import { scaleTable } from "../../bench/scale-model/table.ts";

describe("docs/scale.md", () => {
  it("has the table that the model computes", () => {
    const page = readFileSync(new URL("../../docs/scale.md", import.meta.url), "utf8");
    expect(page).toContain(scaleTable());
  });

  it.each([
    [{ tasks: 39_000, ofPrincipal: 1 }, []],
    [{ tasks: 41_000, ofPrincipal: 1 }, [/^the sums of the metrics/]],
    [{ tasks: 149_000, ofPrincipal: 149_000 }, []],
    [{ tasks: 151_000, ofPrincipal: 151_000 }, [/^lists of a principal/]],
    [{ tasks: 610_000, ofPrincipal: 610_000 }, [/^lists of a principal/, /^the directory of a principal/]],
  ] as const)("names what is beyond its limit: %o", (spread, names) => {
    const { broken } = estimate(spread);
    expect(broken).toHaveLength(names.length);
    for (const [index, name] of names.entries()) expect(broken[index]).toMatch(name);
  });
});
