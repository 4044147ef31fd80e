import { LONGEST_WAIT_MS } from "../protocol/bounds.ts";

/**
 * Reads both forms of `Retry-After` (RFC 9110, 10.2.3). Returns ms, at most `longest`, or `undefined` for anything else.
 * @param now ms since 1970.
 */
export function readRetryAfter(
  value: string | null,
  now: number,
  longest: number = LONGEST_WAIT_MS,
): number | undefined {
  if (value === null) return undefined;
  // `Date.parse` reads a date into many a number.
  const at = /[a-z]/i.test(value) ? Date.parse(value) : Number.NaN;
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : at - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), longest);
}
