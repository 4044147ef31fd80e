export const TOO_LONG = "The schema takes too long to check";

/**
 * Returns a function that marks one part of a schema after another. The validator may look at the marked parts `visits`
 * times in all; after that they throw. The length of a schema does not bound what a check costs: 32 parts of which each
 * refers twice to the next are 2^32 ways.
 */
export function visitBudget(visits: number): (part: Record<string, unknown>) => Record<string, unknown> {
  let left = visits;
  return (part) => {
    // The validator reads this keyword of each part that it visits, whether the part has it or not.
    const { unevaluatedItems } = part;
    const enumerable = Object.hasOwn(part, "unevaluatedItems");
    const get = (): unknown => {
      if (left-- <= 0) throw new Error(TOO_LONG);
      return unevaluatedItems;
    };
    return Object.defineProperty(part, "unevaluatedItems", { get, enumerable, configurable: true });
  };
}
