import { cutText as cut } from "./cut-text.ts";
import { isShallow, jsonText } from "./json.ts";

/**
 * How much of what a server says is stored, in UTF-16 code units. Records are read, listed and copied between processes,
 * and a row of a Durable Object takes 2 MB; a result alone may be longer, and is stored apart.
 */
export const MAX_MESSAGE = 2_000;
/** Of the JSON text of an error's data, and of a reply that cannot be read. */
export const MAX_RAW = 4_000;
/** Of the JSON text of a task's questions together. */
export const MAX_QUESTIONS: number = 512 * 1024;

/** The text, or its beginning and how long it was. */
export function cutText(text: string, max: number = MAX_MESSAGE): string {
  return cut(text, max);
}

/** The JSON value, or the beginning of its text if that is too long. */
export function cutJson(value: unknown, max: number = MAX_RAW): unknown {
  const text = jsonText(value);
  return text.length <= max && isShallow(value) ? value : cutText(text, max);
}
