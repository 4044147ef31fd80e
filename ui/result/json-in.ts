/** A longer text is not read as JSON: that could hold up the page. In UTF-16 code units. */
const LONGEST = 2_000_000;

/** Returns the object or the list that a text is: many servers return their data as JSON in a text. */
export function jsonIn(text: string): object | undefined {
  if (text.length > LONGEST || !/^\s*[[{]/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
