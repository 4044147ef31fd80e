import { isObject, sameJson } from "../protocol/json.ts";
import type { ContentBlock, ToolResult } from "../protocol/tool-result.ts";
import { marksOf } from "./marks.ts";
import { encodedMedia, NO_CONTENT, resourceText } from "./messages.ts";

/** One part of a tool's result as models take it. `data` is base64. */
export type ModelPart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "image"; readonly data: string; readonly mimeType: string }
  | { readonly kind: "file"; readonly data: string; readonly mimeType: string };

/**
 * All that a model should see of a result: its content, then the structured content where no text holds the same, then the
 * result's marks, which the stored messages must have. No text is blank: Anthropic's API takes none.
 */
export function modelParts(result: ToolResult): readonly ModelPart[] {
  const parts = result.content.map(partOf).filter((part) => part.kind !== "text" || part.text.trim() !== "");
  const { structuredContent } = result;
  const isComplete = structuredContent === undefined || parts.some((part) => holds(part, structuredContent));
  const all = isComplete ? parts : [...parts, text(JSON.stringify(structuredContent))];
  const shown = all.length > 0 ? all : [text(NO_CONTENT)];
  const marks = marksOf(result);
  return marks.length > 0 ? [...shown, text(marks.join(" "))] : shown;
}

/** Returns a part as text. Media become a short description. */
export function partText(part: ModelPart): string {
  return part.kind === "text" ? part.text : encodedMedia(part.mimeType, part.data.length);
}

/** A result as one text, for models that take nothing else from a tool. */
export function modelText(result: ToolResult): string {
  return modelParts(result).map(partText).join("\n\n");
}

/** The same where an API has no mark for a failure but its words. */
export function markedText(result: ToolResult): string {
  return result.isError ? `Error: ${modelText(result)}` : modelText(result);
}

export type MediaPart = Exclude<ModelPart, { readonly kind: "text" }>;

/** Whether providers take it as an image: for another they refuse the whole request. */
export function isImage({ mimeType }: MediaPart): boolean {
  return /^image\/(png|jpe?g|gif|webp)$/.test(mimeType);
}

export function dataUrl({ mimeType, data }: MediaPart): string {
  return `data:${mimeType};base64,${data}`;
}

function partOf(block: ContentBlock): ModelPart {
  const { type, text: words, data, mimeType, resource } = block;
  if (type === "text" && typeof words === "string") return text(words);
  if ((type === "image" || type === "audio") && typeof data === "string" && typeof mimeType === "string") {
    return media(data, mimeType);
  }
  if (type === "resource" && isObject(resource)) {
    const { uri, blob, mimeType: kind } = resource;
    if (typeof resource.text === "string") return text(resourceText(String(uri), resource.text));
    if (typeof blob === "string")
      return media(blob, typeof kind === "string" ? kind : "application/octet-stream");
  }
  return text(JSON.stringify(block));
}

function media(data: string, mimeType: string): ModelPart {
  return { kind: mimeType.startsWith("image/") ? "image" : "file", data, mimeType };
}

function text(words: string): ModelPart {
  return { kind: "text", text: words };
}

/** Servers should give the structured content as JSON text too (tools, "Structured Content"). */
function holds(part: ModelPart, structured: unknown): boolean {
  if (part.kind !== "text" || !/^\s*[[{]/.test(part.text)) return false;
  try {
    return sameJson(JSON.parse(part.text), structured);
  } catch {
    return false;
  }
}
