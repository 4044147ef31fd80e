import type { ToolResult } from "../protocol/tool-result.ts";
import { textHash } from "./text-hash.ts";

/** The field of a result's `_meta` with the marks of what the result delivers. A page need not show them; a model is sent them as text. */
const MARKS_META = "holdfast/marks";

/** Returns the result with marks, by which a later turn sees that the messages have it. */
export function withMarks(result: ToolResult, marks: readonly string[]): ToolResult {
  const all = [...marksOf(result), ...marks];
  return marks.length > 0 ? { ...result, _meta: { ...result._meta, [MARKS_META]: all } } : result;
}

/** The marks of a result. A server may have written anything there. */
export function marksOf({ _meta }: ToolResult): readonly string[] {
  const marks = _meta?.[MARKS_META];
  return Array.isArray(marks) ? marks.filter((mark) => typeof mark === "string") : [];
}

/** @param said The JSON text of messages, which may quote a mark again. */
export function hasMark(said: string, mark: string): boolean {
  return said.includes(markText(mark));
}

/** A text as a JSON text has it. */
export function markText(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** The name of a question in marks. Its key is the server's text, which must not read as a sentence there. */
export function questionName(key: string): string {
  return /^[\w.-]{1,64}$/.test(key) ? key : `#${textHash(key)}`;
}
