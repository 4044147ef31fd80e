/** JSON as text to copy and keep; what is nested beyond all reason is said to be. */
export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value, undefined, 2) ?? "";
  } catch {
    return "This JSON is nested too deeply to show";
  }
}
