import { describe, expect, it } from "vitest";
import { expandedSize } from "../../../ui/form/expanded-size.ts";
import { unfitForForm } from "../../../ui/form/form-fit.ts";
import { checkAgainst } from "../../../ui/form/schema-problems.ts";

/** Each part refers twice to the next: 2 kB long, and 2^32 ways to the end. */
function doubling(keyword: "anyOf" | "allOf" | "oneOf" | "properties", last: object): object {
  const twice = (name: string): object => {
    const to = { $ref: `#/$defs/${name}` };
    return keyword === "properties" ? { properties: { a: to, b: to } } : { [keyword]: [to, to] };
  };
  const parts = Array.from({ length: 32 }, (_, index) => [`d${index}`, twice(`d${index + 1}`)]);
  return { type: "object", $ref: "#/$defs/d0", $defs: { ...Object.fromEntries(parts), d32: last } };
}

describe("a short schema with more ways than anybody can wait for", () => {
  it.each(["anyOf", "allOf", "oneOf"] as const)("of %s is given up, and has no form", (keyword) => {
    const schema = doubling(keyword, { required: ["absent"] });
    expect(JSON.stringify(schema).length).toBeLessThan(3_000);
    expect(checkAgainst(schema, {})).toEqual({
      kind: "unusable",
      message: "The schema takes too long to check",
    });
    expect(unfitForForm(schema)).toBe("Its schema is too large for a form, including its references");
  });

  it("of fields in fields has no form", () => {
    expect(unfitForForm(doubling("properties", { type: "string" }))).toContain("too large for a form");
  });

  it("that doubles at each level of a value is given up at a deep one only", () => {
    const inner = { properties: { a: { $ref: "#" } } };
    const schema = { anyOf: [{ ...inner, required: ["never"] }, { ...inner, required: ["never"] }, inner] };
    const nested = (depth: number): object => (depth === 0 ? {} : { a: nested(depth - 1) });
    expect(checkAgainst(schema, nested(4))).toMatchObject({ kind: "checked", problems: [] });
    expect(checkAgainst(schema, nested(40))).toMatchObject({ kind: "unusable" });
  });
});

describe("a schema as servers write them", () => {
  it("is checked on ten thousand records", () => {
    const fields = Array.from({ length: 10 }, (_, index) => [`field${index}`, { type: "integer" }]);
    const schema = { type: "array", items: { type: "object", properties: Object.fromEntries(fields) } };
    const record = Object.fromEntries(fields.map(([name], index) => [name, index]));
    expect(checkAgainst(schema, Array(10_000).fill(record))).toEqual({
      kind: "checked",
      problems: [],
      unchecked: [],
    });
  });

  it("that refers to itself has the size of what is written", () => {
    const tree = { type: "object", properties: { children: { type: "array", items: { $ref: "#" } } } };
    expect(expandedSize(tree)).toBeLessThan(20);
    expect(unfitForForm(tree)).toBeUndefined();
  });

  it("still says what unevaluatedItems forbids", () => {
    const schema = { prefixItems: [{ type: "string" }], unevaluatedItems: false };
    expect(checkAgainst(schema, ["a"])).toMatchObject({ problems: [] });
    expect(checkAgainst(schema, ["a", 1])).toMatchObject({ problems: [{ path: ["1"] }] });
  });
});
