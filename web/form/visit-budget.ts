export const TOO_LONG = "The schema takes too long to check";

/**
 * A copy of the schema that throws when its parts are looked at more often than this in all. What a check costs is not to
 * be seen in a schema's length: 32 parts of which each refers twice to the next are 2^32 ways.
 */
export function withBudget(schema: unknown, visits: number): unknown {
  let left = visits;
  const spend = (): void => {
    if (left-- <= 0) throw new Error(TOO_LONG);
  };
  const counted = (part: unknown): unknown => {
    if (typeof part !== "object" || part === null) return part;
    if (Array.isArray(part)) return part.map(counted);
    const copy = Object.fromEntries(Object.entries(part).map(([name, inside]) => [name, counted(inside)]));
    // The validator reads this of each part it comes to, whether it is there or not.
    const { unevaluatedItems } = copy;
    const enumerable = Object.hasOwn(copy, "unevaluatedItems");
    const get = (): unknown => {
      spend();
      return unevaluatedItems;
    };
    return Object.defineProperty(copy, "unevaluatedItems", { get, enumerable, configurable: true });
  };
  return counted(schema);
}
