import { referredTo } from "./references.ts";

type Json = { readonly [key: string]: unknown };

/** A chain of objects in objects as long as this is followed for as long as one without end. */
const DEEPEST = 200;

/**
 * Whether objects hold each other without end in a schema whose fields change with what is filled in. At each such change
 * the form library follows the objects, also where nothing is filled in yet: it never gets back, and what was typed is lost.
 */
export function isEndless(schema: object): boolean {
  const parts = partsOf(schema);
  return parts.some(changes) && holdsItself(parts, schema);
}

function changes(part: Json): boolean {
  return CHANGING.some((keyword) => (part[keyword] ?? false) !== false);
}

const CHANGING = [
  "if",
  "dependencies",
  "dependentSchemas",
  "oneOf",
  "anyOf",
  "additionalProperties",
  "patternProperties",
];

function holdsItself(parts: readonly Json[], root: object): boolean {
  const ending = new Set<Json>();
  const path = new Set<Json>();
  const endless = (part: unknown): boolean => {
    if (!isJson(part) || ending.has(part)) return false;
    if (path.has(part) || path.size > DEEPEST) return true;
    path.add(part);
    const { $ref, properties, allOf } = part;
    const held = [referredTo($ref, root), ...valuesOf(properties), ...valuesOf(allOf)];
    if (held.some(endless)) return true;
    path.delete(part);
    ending.add(part);
    return false;
  };
  return parts.some(endless);
}

function partsOf(value: unknown): readonly Json[] {
  if (typeof value !== "object" || value === null) return [];
  const inside = Object.values(value).flatMap(partsOf);
  return isJson(value) ? [value, ...inside] : inside;
}

function valuesOf(value: unknown): readonly unknown[] {
  return typeof value === "object" && value !== null ? Object.values(value) : [];
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
