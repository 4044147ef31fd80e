import type { ToolResult } from "holdfast";
import { lastPart, partOfResult } from "../../../front/messages.ts";
import type { Caller } from "../caller.ts";
import { resourceLink } from "./result-resource.ts";
import { resultText } from "./result-text.ts";
import { endOfPart, fits, less, type SizeLimit, sizeLimitOf } from "./size-limit.ts";

/** What the note of a part, its link and its fields take, in characters. */
const RESERVED = 1_500;

/**
 * Returns a result as the client takes it: as it is, or its beginning, with a note on how to read on. Pictures and files
 * that take less than half of the limit come along. The whole stays in the task.
 */
export function fittedResult(caller: Caller, task: string, result: ToolResult): ToolResult {
  const limit = caller.settings.companions ? sizeLimitOf(caller.limits) : undefined;
  if (!limit || fits(JSON.stringify(result), limit)) return result;
  const kept: ToolResult["content"][number][] = [];
  let taken = 0;
  for (const block of result.content) {
    const { length } = JSON.stringify(block);
    if (block.type === "text" || block.type === "resource" || taken + length > smaller(limit) / 2) continue;
    kept.push(block);
    taken += length;
  }
  const { content, structuredContent } = partOf(resultText(result), task, 0, less(limit, taken));
  return {
    content: [...content, ...kept],
    structuredContent,
    ...(result.isError && { isError: true }),
  };
}

/** Returns the part of a task's text that begins at an offset. */
export function partOf(text: string, task: string, from: number, limit: SizeLimit): ToolResult {
  const end = endOfPart(text, from, less(limit, RESERVED));
  const isLast = end >= text.length;
  const note = isLast ? lastPart(from, text.length, task) : partOfResult(from, end, text.length, task);
  return {
    content: [
      { type: "text", text: text.slice(from, end) },
      { type: "text", text: note },
      resourceLink(task),
    ],
    structuredContent: { task, status: "completed", offset: from, end, length: text.length },
  };
}

function smaller({ length, bytes }: SizeLimit): number {
  return Math.min(length, bytes);
}
