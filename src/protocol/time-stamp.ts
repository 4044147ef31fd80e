/**
 * Reads an ISO 8601 time stamp of a server, in ms since 1970; NaN if it is invalid. RFC 3339 wants a zone: one that
 * lacks it is UTC, whatever the zone of this computer.
 */
export function readTime(text: string): number {
  const [date, time] = text.trim().split(/[T ]/i, 2);
  if (time === undefined) return Date.parse(text);
  return Date.parse(`${date}T${time}${/z$|[+-]\d\d:?\d\d$/i.test(time) ? "" : "Z"}`);
}
