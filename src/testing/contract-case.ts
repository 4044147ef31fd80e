import { sameJson } from "../protocol/json.ts";

/** One rule that a store must keep. */
export interface StoreCase {
  /** A sentence for the title of a test. */
  readonly title: string;
  /** Rejects with an Error that says what the store did if it breaks the rule. */
  readonly run: () => Promise<void>;
}

/** The rules of a contract, with their titles. `Store` is what they are about. */
export type Rules<Store> = readonly (readonly [title: string, rule: (store: Store) => Promise<void>])[];

/** One case for each rule, on a store that it opens. */
export function casesOf<Store>(
  rules: Rules<Store>,
  open: () => Store | Promise<Store>,
): readonly StoreCase[] {
  return rules.map(([title, rule]) => ({ title, run: async () => rule(await open()) }));
}

/**
 * Throws an Error that says what the store returned unless it is the same JSON.
 * @param what What was called, for the message.
 */
export function expectSame(what: string, actual: unknown, expected: unknown): void {
  if (sameJson(actual, expected)) return;
  throw new Error(`${what} returned ${shown(actual)}. The contract asks for ${shown(expected)}`);
}

function shown(value: unknown): string {
  const text = String(JSON.stringify(value));
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}
