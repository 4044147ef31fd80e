import { type OutputUnit, type Schema, type SchemaDraft, Validator } from "@cfworker/json-schema";
import { longestText, tamed } from "./tame-schema.ts";
import { TOO_LONG, visitBudget } from "./visit-budget.ts";

/** How many parts of a schema are looked at for one value. A record of a hundred fields takes some hundred. */
const MAX_VISITS = 200_000;

/** One thing that is wrong with a value, and where. */
export interface SchemaProblem {
  readonly path: readonly string[];
  readonly keyword: string;
  readonly message: string;
}

export type SchemaCheck =
  | {
      readonly kind: "checked";
      readonly problems: readonly SchemaProblem[];
      /** Patterns that were not looked at: on this value they could take longer than anybody waits. */
      readonly unchecked: readonly string[];
    }
  /** The schema itself cannot be worked with: a reference that leads nowhere, an invalid pattern. */
  | { readonly kind: "unusable"; readonly message: string };

/** Checks a value against a JSON Schema without making code of it, which the page's policy forbids. */
export function checkAgainst(schema: unknown, value: unknown): SchemaCheck {
  if (typeof schema === "boolean") {
    return {
      kind: "checked",
      problems: schema ? [] : [{ path: [], keyword: "false", message: "is not allowed" }],
      unchecked: [],
    };
  }
  if (typeof schema !== "object" || schema === null)
    return { kind: "unusable", message: "The schema is not an object" };
  try {
    const { schema: quick, left: unchecked } = tamed(schema, longestText(value), visitBudget(MAX_VISITS));
    const validator = new Validator(quick as Schema, draftOf(quick as Schema), false);
    // The validator knows no `undefined`, which forms are full of.
    const json: unknown = value === undefined ? undefined : JSON.parse(JSON.stringify(value));
    if (json === undefined)
      return {
        kind: "checked",
        problems: [{ path: [], keyword: "required", message: "is required" }],
        unchecked: [],
      };
    const { errors } = validator.validate(json);
    return { kind: "checked", problems: problemsOf(errors), unchecked };
  } catch (error) {
    // Thousands of problems exhaust the validator's stack before its parts exhaust the budget.
    if (error instanceof RangeError) return { kind: "unusable", message: TOO_LONG };
    return { kind: "unusable", message: error instanceof Error ? firstLine(error.message) : String(error) };
  }
}

function draftOf({ $schema }: Schema): SchemaDraft {
  if ($schema?.includes("draft-04")) return "4";
  if ($schema?.includes("draft-07") || $schema?.includes("draft-06")) return "7";
  return $schema?.includes("2019-09") ? "2019-09" : "2020-12";
}

/** Keywords that only say that something below them is wrong. */
const WRAPPERS: ReadonlySet<string> = new Set([
  "$ref",
  "$recursiveRef",
  "additionalItems",
  "additionalProperties",
  "allOf",
  "dependencies",
  "dependentSchemas",
  "else",
  "if",
  "items",
  "patternProperties",
  "prefixItems",
  "properties",
  "then",
  "unevaluatedItems",
  "unevaluatedProperties",
]);

function problemsOf(errors: readonly OutputUnit[]): readonly SchemaProblem[] {
  // What is wrong with each alternative is noise beside the fact that none fits.
  const alternatives = errors.filter(({ keyword }) => keyword === "anyOf" || keyword === "oneOf");
  return errors
    .filter(
      ({ keyword, keywordLocation }) =>
        !WRAPPERS.has(keyword) &&
        !alternatives.some((choice) => keywordLocation.startsWith(`${choice.keywordLocation}/`)),
    )
    .map(problemOf);
}

function problemOf({ keyword, instanceLocation, error }: OutputUnit): SchemaProblem {
  const path = pathOf(instanceLocation);
  const missing = keyword === "required" ? /required property "(.*)"/s.exec(error)?.[1] : undefined;
  return missing === undefined
    ? { path, keyword, message: wording(keyword, error) }
    : { path: [...path, missing], keyword, message: "is required" };
}

function pathOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => decode(part).replaceAll("~1", "/").replaceAll("~0", "~"));
}

function decode(part: string): string {
  try {
    return decodeURI(part);
  } catch {
    return part;
  }
}

function wording(keyword: string, error: string): string {
  switch (keyword) {
    case "type":
      return `must be ${/Expected "(.*)"/s.exec(error)?.[1]?.replaceAll('", "', " or ") ?? "of another type"}`;
    case "enum":
      return `must be one of ${error.replace(/^.*any of /s, "").replace(/\.$/, "")}`;
    case "const":
      return `must be ${error.replace(/^.*match /s, "").replace(/\.$/, "")}`;
    case "anyOf":
      return "fits none of the forms it may have";
    case "oneOf":
      return "must fit exactly one of the forms it may have";
    case "false":
      return "is not allowed here";
    case "format":
      return `is no ${/format "(.*)"/s.exec(error)?.[1] ?? "value of its format"}`;
    default: {
      // "String is too short (0 < 1)." becomes "is too short (0 < 1)".
      const said = firstLine(error).replace(/^(Instance|String|Array|Object|Items?|A) /, "");
      return said.replace(/\.$/, "");
    }
  }
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
