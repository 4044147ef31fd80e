import { isObject, parsedJson } from "../protocol/json.ts";
import type { ToolResult } from "../protocol/tool-result.ts";
import { atPointer } from "./json-pointer.ts";
import type { Place } from "./pair.ts";

/** How much of a result's text is searched, in UTF-16 code units. What a place names stands at the beginning. */
const MAX_TEXT = 262_144;
/** The longest value that is taken out of a text. */
const MAX_VALUE = 1_000;

/** The text of a result. */
export function textOf({ content }: ToolResult): string {
  const texts = content.flatMap(({ type, text }) =>
    type === "text" && typeof text === "string" ? [text] : [],
  );
  return texts.join("\n").slice(0, MAX_TEXT);
}

/** The value at a place in a tool's result, or `undefined`. */
export function valueAt(result: ToolResult, place: Place): unknown {
  if (typeof place === "function") return place(result) ?? undefined;
  if (typeof place === "string") {
    for (const data of dataOf(result)) {
      const value = atPointer(data, place);
      if (value !== undefined && value !== null) return value;
    }
    return undefined;
  }
  const text = textOf(result);
  return "after" in place ? following(text, place.after) : preceding(text, place.before);
}

/** What a pointer may point into: the structured content, and the JSON in the text, in this order. */
export function* dataOf(result: ToolResult): Generator<unknown> {
  if (result.structuredContent !== undefined) yield result.structuredContent;
  const text = textOf(result).trim();
  const whole = parsedJson(text);
  if (whole !== undefined) return void (yield whole);
  // Some servers write a sentence before their JSON, or a code fence around it.
  const begin = text.search(/[{[]/);
  const end = Math.max(text.lastIndexOf("}"), text.lastIndexOf("]"));
  const inside = begin < 0 ? undefined : parsedJson(text.slice(begin, end + 1));
  if (isObject(inside) || Array.isArray(inside)) yield inside;
}

/** What stands after a label, up to the end of its line, without the decoration of Markdown. */
function following(text: string, label: string): string | undefined {
  const at = text.toLowerCase().indexOf(label.toLowerCase());
  if (at < 0) return undefined;
  const rest = text.slice(at + label.length, at + label.length + MAX_VALUE);
  // The value may stand on the next line, below its heading.
  const line = rest.replace(/^[\s:=#*_`"'>-]+/, "").split(/[\r\n]/, 1)[0] ?? "";
  return line.replace(/[\s*_`"'.,;]+$/, "") || undefined;
}

/** The last word before a label. */
function preceding(text: string, label: string): string | undefined {
  const at = text.toLowerCase().indexOf(label.toLowerCase());
  if (at < 0) return undefined;
  const words = text
    .slice(Math.max(0, at - MAX_VALUE), at)
    .trimEnd()
    .split(/\s/);
  return words.at(-1)?.replace(/^[(["'`*]+/, "") || undefined;
}

/** An id: a number, or the first word of a text. */
export function readId(value: unknown): string | number | undefined {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value !== "string" || value.length > MAX_VALUE) return undefined;
  return value.trim() || undefined;
}

/** The first word of a text, without the marks around it: an id in a sentence. */
export function firstWord(text: string): string {
  return (text.split(/[\s,;"'`)\]}>*]/, 1)[0] ?? "").replace(/[.:!?]+$/, "");
}
