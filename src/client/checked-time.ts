/**
 * Returns a time that an app gave, in ms. Throws a TypeError unless it is a number of at least `least`: NaN in a timer or a schedule means
 * never, or at once.
 * @param name What the app calls it.
 */
export function checkedTime(name: string, ms: number, least: number = 0): number {
  if (typeof ms === "number" && ms >= least) return ms;
  throw new TypeError(`${name} must be a number of ms, at least ${least}; it is ${String(ms)}`);
}
