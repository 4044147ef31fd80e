import { own, parsedJson } from "../protocol/json.ts";

/** Whether a text is a JSON Pointer (RFC 6901). */
export function isPointer(text: string): boolean {
  return text === "" || (text.startsWith("/") && !/~(?![01])/.test(text));
}

/**
 * The value that a JSON Pointer names, or `undefined`. A text on the way is read as JSON: some servers put their data into a
 * string field.
 */
export function atPointer(root: unknown, pointer: string): unknown {
  let value = root;
  for (const token of pointer.split("/").slice(1)) {
    const holder = typeof value === "string" ? parsedJson(value) : value;
    if (typeof holder !== "object" || holder === null) return undefined;
    value = own(holder as Record<string, unknown>, token.replaceAll("~1", "/").replaceAll("~0", "~"));
  }
  return value;
}
