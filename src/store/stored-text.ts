/** Reads JSON that a database has as text. A damaged record reads as `undefined`, which the client reports. */
export function parsed(text: unknown): unknown {
  try {
    return text === null ? undefined : JSON.parse(String(text));
  } catch {
    return undefined;
  }
}
