import { formSchema } from "./form-schema.ts";
import { pathsOf } from "./pattern-paths.ts";

/** A pattern that may try more ways than this on a value is left to the server. */
const MOST_PATHS = 5_000_000;

/** A schema that can be checked in no time, and the patterns that were left out for it. */
export interface TameSchema {
  readonly schema: unknown;
  readonly left: readonly string[];
}

type Finish = (part: Record<string, unknown>) => Record<string, unknown>;

/**
 * Leaves out the patterns that could keep the page busy for longer than anybody waits, on texts of up to this length.
 * What fits the schema fits the rest of it. Throws where that would not be so, or the schema nests too deep.
 * @param finish Called with each part of the copy, which is the only one that is made.
 */
export function tamed(schema: unknown, length: number, finish: Finish = (part) => part): TameSchema {
  const left = new Set<string>();
  let inverts = false;
  let refers = false;
  const wild = (pattern: string, inverted: boolean): boolean => {
    if (pathsOf(pattern, length) <= MOST_PATHS) return false;
    left.add(pattern);
    if (inverted) throw tooLong(pattern);
    return true;
  };
  const each = (parts: unknown, inverted: boolean): unknown => {
    if (typeof parts !== "object" || parts === null) return parts;
    return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, tame(part, inverted)]));
  };
  const tame = (part: unknown, above: boolean): unknown => {
    if (Array.isArray(part)) return part.map((one) => tame(one, above));
    if (typeof part !== "object" || part === null) return part;
    const kept: [string, unknown][] = [];
    let open = false;
    for (const [keyword, value] of Object.entries(part)) {
      const inverted = above || INVERTING.has(keyword);
      inverts ||= inverted;
      refers ||= keyword === "$ref" || keyword === "$dynamicRef" || keyword === "$recursiveRef";
      if (keyword === "pattern" && typeof value === "string" && wild(value, above)) continue;
      if (keyword === "patternProperties" && typeof value === "object" && value !== null) {
        const patterns = Object.entries(value).filter(([pattern]) => !wild(pattern, above));
        open ||= patterns.length < Object.keys(value).length;
        kept.push([keyword, each(Object.fromEntries(patterns), above)]);
      } else if (DATA.has(keyword)) kept.push([keyword, value]);
      else kept.push([keyword, NAMED.has(keyword) ? each(value, inverted) : tame(value, inverted)]);
    }
    // What a pattern that is gone would have matched is not therefore one property too many.
    return finish(Object.fromEntries(open ? kept.filter(([keyword]) => !REMAINDER.has(keyword)) : kept));
  };
  const whole = tame(schema, false);
  const [first] = left;
  // What is referred to from below such a keyword may be anywhere.
  if (first !== undefined && inverts && refers) throw tooLong(first);
  return { schema: whole, left: [...left] };
}

/** The same for a form, as {@link formSchema} shapes it: for what most people write into a field, and what is in it from the first. */
export function tameForForm(schema: unknown): TameSchema {
  return tamed(formSchema(schema), Math.max(USUAL_LENGTH, longestDefault(schema)));
}

const USUAL_LENGTH = 100;

function longestDefault(schema: unknown): number {
  if (typeof schema !== "object" || schema === null) return 0;
  let longest = 0;
  for (const [keyword, part] of Object.entries(schema))
    longest = Math.max(longest, keyword === "default" ? longestText(part) : longestDefault(part));
  return longest;
}

function tooLong(pattern: string): Error {
  return new Error(`The pattern ${pattern.slice(0, 60)} could take too long to check`);
}

/** The longest text or key of a value. */
export function longestText(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 0;
  let longest = 0;
  for (const [key, part] of Object.entries(value)) longest = Math.max(longest, key.length, longestText(part));
  return longest;
}

/** Below these, what is left out would make more of the schema, not less. */
const INVERTING: ReadonlySet<string> = new Set(["not", "if", "oneOf", "contains"]);
/** What properties are measured by that nothing else in the schema speaks of. */
const REMAINDER: ReadonlySet<string> = new Set(["additionalProperties", "unevaluatedProperties"]);
const DATA: ReadonlySet<string> = new Set(["const", "default", "enum", "examples", "required"]);
/** Schemas by names, which are no keywords. */
const NAMED: ReadonlySet<string> = new Set([
  "$defs",
  "definitions",
  "dependencies",
  "dependentSchemas",
  "properties",
]);
