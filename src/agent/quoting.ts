import type { JsonObject } from "../protocol/json.ts";
import { cutText, leftOut } from "./messages.ts";

/** How much of one text of a server is passed on, in characters. */
export const MAX_QUOTE = 500;
/** How much of one JSON value of a server is passed on, by the length of its text. */
const MAX_JSON = 4_000;
const MOST_FIELDS = 20;
const DEEPEST = 12;

/** Escape sequences of terminals: CSI, OSC and the like, and the short ones. */
const TERMINAL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it looks for.
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]?/g;
/**
 * What is not seen and may yet be read, or turns what is seen around: controls, format characters (bidi
 * controls, zero widths, tags), halves of pairs, private use, and variation selectors.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Variation_Selector}]/gu;
const UNSEEN_IN_LINES = /[^\P{Cc}\n\t]|[\p{Cf}\p{Cs}\p{Co}\p{Variation_Selector}]/gu;
const GAP = /\s+/g;

/** A server's text as one line of what can be seen in it, at most `limit` characters and a note of what was cut. */
export function plainText(text: string, limit: number = MAX_QUOTE): string {
  // A megabyte is not looked through for five hundred characters.
  const seen = text.slice(0, limit * 4);
  const line = seen.replace(TERMINAL, "").replace(GAP, " ").replace(UNSEEN, "").trim();
  const shown = line.slice(0, limit).replace(UNSEEN, "");
  const left = line.length - shown.length + text.length - seen.length;
  return left > 0 ? shown + cutText(left) : shown;
}

/** A server's text as a JSON string: it cannot end its own quotation marks. */
export function quoted(text: string, limit?: number): string {
  return JSON.stringify(plainText(text, limit));
}

/** The server's name of a tool in a sentence: as it is where it can be nothing but a name, else quoted. */
export function toolText(name: string): string {
  return /^[\w.-]{1,64}$/.test(name) ? name : quoted(name, 64);
}

/** A server's text of several lines, without what is not seen in it. */
export function plainLines(text: string, limit: number): string {
  const seen = text.slice(0, limit);
  const lines = seen.replace(TERMINAL, "").replace(UNSEEN_IN_LINES, "");
  return seen.length < text.length ? lines + cutText(text.length - seen.length) : lines;
}

/** A server's object with every text in it plain; a field whose JSON is longer than `longest` is left out, and says so. */
export function plainFields(fields: JsonObject, limit?: number, longest: number = MAX_JSON): JsonObject {
  const plain = Object.entries(fields)
    .slice(0, MOST_FIELDS)
    .map(([key, value]) => {
      const shown = plainValue(value, limit, 0);
      const length = JSON.stringify(shown)?.length ?? 0;
      return [plainText(key, limit), length > longest ? leftOut(length) : shown];
    });
  return Object.fromEntries(plain);
}

function plainValue(value: unknown, limit: number | undefined, depth: number): unknown {
  if (typeof value === "string") return plainText(value, limit);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= DEEPEST) return "…";
  if (Array.isArray(value)) return value.map((entry) => plainValue(entry, limit, depth + 1));
  const entries = Object.entries(value).map(([key, entry]) => [
    plainText(key, limit),
    plainValue(entry, limit, depth + 1),
  ]);
  return Object.fromEntries(entries);
}
