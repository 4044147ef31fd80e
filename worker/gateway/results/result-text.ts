import type { ContentBlock, ToolResult } from "holdfast";
import { isObject } from "../../../front/client-capabilities.ts";
import { describedMedia } from "../../../front/messages.ts";
import { sameJson } from "../../../src/protocol/json.ts";

/** The whole of a result as one text, in which offsets count. A picture or a file is a short description in it. */
export function resultText({ content, structuredContent }: ToolResult): string {
  const texts = content.map(blockText);
  // Servers should give the structured content as text, too (tools, "Structured Content").
  const isTold = structuredContent === undefined || texts.some((text) => holds(text, structuredContent));
  return (isTold ? texts : [...texts, JSON.stringify(structuredContent)]).join("\n\n");
}

function blockText(block: ContentBlock): string {
  const { type, text, data, mimeType, resource } = block;
  if (type === "text" && typeof text === "string") return text;
  if (typeof data === "string") return describedMedia(String(mimeType), data.length);
  if (!isObject(resource)) return JSON.stringify(block);
  const { uri, text: words, blob } = resource;
  if (typeof blob === "string") return describedMedia(String(uri), blob.length);
  return typeof words === "string" ? `${uri}\n${words}` : JSON.stringify(block);
}

function holds(text: string, structured: unknown): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    return sameJson(JSON.parse(text), structured);
  } catch {
    return false;
  }
}
