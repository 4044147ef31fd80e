import { isEndless } from "./endless.ts";
import { expandedSize } from "./expanded-size.ts";
import { tameForForm } from "./tame-schema.ts";

/** A form for more than this would hold the page up, and nobody would fill it in. */
const MAX_LENGTH = 200_000;
const MAX_DEPTH = 24;
/** Some 1,000 fields. */
const MAX_PARTS = 20_000;

/** Returns why a schema has no form, or undefined if it has one. */
export function unfitForForm(schema: unknown): string | undefined {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema))
    return "Its schema is not an object";
  if (depthExceeds(schema, MAX_DEPTH)) return "Its schema is too deep for a form";
  if (JSON.stringify(schema).length > MAX_LENGTH) return "Its schema is too large for a form";
  if (expandedSize(schema) > MAX_PARTS) return "Its schema is too large for a form, including its references";
  if (isEndless(schema)) return "Its schema goes on without end";
  try {
    tameForForm(schema);
    return undefined;
  } catch {
    return "Its schema has patterns that could take too long to check";
  }
}

function depthExceeds(value: unknown, limit: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (limit === 0) return true;
  return Object.values(value).some((part) => depthExceeds(part, limit - 1));
}
