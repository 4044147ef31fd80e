import { referredTo } from "./references.ts";

type Json = { readonly [key: string]: unknown };

/**
 * How many parts a schema has once each reference is replaced by what it refers to, which is how a form draws it. One that
 * comes back to itself counts once: a form stops there until somebody asks for more.
 */
export function expandedSize(schema: object): number {
  const known = new Map<object, number>();
  const size = (part: unknown): number => {
    if (typeof part !== "object" || part === null) return 0;
    const before = known.get(part);
    if (before !== undefined) return before;
    known.set(part, 1);
    const { $ref } = part as Json;
    const inside = Object.values(part).reduce((sum: number, one) => sum + size(one), 1);
    const whole = inside + size(referredTo($ref, schema));
    known.set(part, whole);
    return whole;
  };
  return Math.min(size(schema), Number.MAX_SAFE_INTEGER);
}
