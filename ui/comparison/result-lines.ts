import type { ContentBlock, ToolResult } from "holdfast";
import { jsonIn } from "../result/json-in.ts";

/** A result as lines that can be compared: JSON with its members in one order, texts as they are, bytes by their kind and a checksum. */
export function resultLines({ content, structuredContent, isError }: ToolResult): readonly string[] {
  const parts = content.map(blockText);
  if (structuredContent !== undefined) parts.push(orderedJson(structuredContent));
  if (isError) parts.unshift("(tool error)");
  return parts.join("\n").split("\n");
}

function blockText(block: ContentBlock): string {
  if (block.type === "text" && typeof block.text === "string") {
    const json = jsonIn(block.text);
    return json === undefined ? block.text : orderedJson(json);
  }
  return orderedJson(block);
}

function orderedJson(value: unknown): string {
  try {
    return JSON.stringify(value, ordered, 2) ?? "";
  } catch {
    return "(JSON that is nested too deeply to compare)";
  }
}

/** Longer base64 is compared by its checksum. */
const LONG_DATA = 200;

function ordered(name: string, value: unknown): unknown {
  if ((name === "data" || name === "blob") && typeof value === "string" && value.length > LONG_DATA)
    return `(base64, ${value.length} characters, checksum ${checksum(value)})`;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** FNV-1a: two texts that differ have another one, but for a chance of 1 in 4 billion. */
function checksum(text: string): string {
  let sum = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193);
  return (sum >>> 0).toString(16).padStart(8, "0");
}
