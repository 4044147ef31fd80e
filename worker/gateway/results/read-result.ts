import type { JsonObject, Task, ToolResult } from "holdfast";
import {
  foundInResult,
  foundNothing,
  moreFound,
  noSuchPart,
  OFFSET_PARAMETER,
  READ_RESULT_TOOL,
  SEARCH_PARAMETER,
  TASK_OF_RESULT_PARAMETER,
} from "../../../front/messages.ts";
import { plainAnswer } from "../held-answer.ts";
import { partOf } from "./fitted-result.ts";
import { resultText } from "./result-text.ts";
import { endOfPart, less, type SizeLimit } from "./size-limit.ts";

export const READ_RESULT = "read_result";

/** How many places a search shows, how much around each, and what else is said, in characters. */
const MOST_FOUND = 20;
const AROUND = 200;
const RESERVED = 1_500;

/** How `read_result` is listed. */
export const READ_RESULT_DEFINITION: JsonObject = {
  name: READ_RESULT,
  description: READ_RESULT_TOOL,
  inputSchema: {
    type: "object",
    properties: {
      task: { type: "string", description: TASK_OF_RESULT_PARAMETER },
      offset: { type: "integer", minimum: 0, description: OFFSET_PARAMETER },
      search: { type: "string", minLength: 1, description: SEARCH_PARAMETER },
    },
    required: ["task"],
    additionalProperties: false,
  },
  annotations: { readOnlyHint: true },
};

/** A part of the result of a task that has one, or the places where a text is found in it. */
export async function readResult(task: Task, args: JsonObject, limit: SizeLimit): Promise<ToolResult> {
  const text = resultText(await plainAnswer(task));
  const { offset = 0, search } = args;
  const from = Math.floor(Number(offset));
  if (!(from >= 0 && (from < text.length || from === 0)))
    return { content: [{ type: "text", text: noSuchPart(text.length) }], isError: true };
  if (typeof search === "string" && search !== "") return placesOf(text, task.id, search, from, limit);
  return partOf(text, task.id, from, limit);
}

function placesOf(text: string, task: string, search: string, from: number, limit: SizeLimit): ToolResult {
  const sought = new RegExp(search.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), "gi");
  sought.lastIndex = from;
  const offsets: number[] = [];
  for (let found = sought.exec(text); found && offsets.length <= MOST_FOUND; found = sought.exec(text))
    offsets.push(found.index);
  // A short limit may have room for fewer.
  const shown: number[] = [];
  let lines = "";
  const room = less(limit, RESERVED);
  for (const offset of offsets.slice(0, MOST_FOUND)) {
    const excerpt = text.slice(Math.max(0, offset - AROUND), offset + search.length + AROUND);
    const longer = `${lines}- offset ${offset}: ${JSON.stringify(excerpt)}\n`;
    if (shown.length > 0 && endOfPart(longer, 0, room) < longer.length) break;
    lines = longer;
    shown.push(offset);
  }
  const next = offsets[shown.length];
  const words = [
    shown.length > 0 ? foundInResult(shown.length, task) : foundNothing(task),
    lines.slice(0, endOfPart(lines, 0, room)),
    ...(next === undefined ? [] : [moreFound(next)]),
  ];
  return {
    content: [{ type: "text", text: words.join("\n") }],
    structuredContent: { task, status: "completed", length: text.length, found: shown },
  };
}
