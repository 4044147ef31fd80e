/** A day as the person's own language writes it. @param at ms since 1970. */
export function day(at: number): string {
  return new Date(at).toLocaleDateString(undefined, { dateStyle: "medium" });
}
