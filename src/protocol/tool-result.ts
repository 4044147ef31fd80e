import { isObject, type JsonObject, jsonText } from "./json.ts";

/** One block of a tool result's content. Its other fields depend on `type` (tools, "Tool Result"). */
export interface ContentBlock {
  readonly type: string;
  readonly [field: string]: unknown;
}

/**
 * What a tool gave back, as the server sent it (tools, "Tool Result"). Only `content` is put into its form where a
 * server has another. `isError: true` is the tool's own failure: the call itself went through.
 */
export interface ToolResult<Output = unknown> {
  readonly content: readonly ContentBlock[];
  /** By the tool's `outputSchema`, where it has one. Nothing checks it here. */
  readonly structuredContent?: Output;
  readonly isError?: boolean;
  readonly _meta?: JsonObject;
  readonly [field: string]: unknown;
}

/**
 * Reads a result in any form that servers give it. Without `content` (servers before 2025-06-18, results `{}` and
 * those with only `structuredContent`) the list is empty, as it is for the SDKs. A `toolResult` (2024-10-07) and a
 * wrapped `result` hold the content instead.
 */
export function readToolResult(value: unknown): ToolResult | undefined {
  if (!isObject(value)) return undefined;
  const wrapped = value.toolResult ?? (holdsContent(value.result) ? value.result : undefined);
  if (!holdsContent(value) && wrapped === undefined && isSomethingElse(value)) return undefined;
  if (holdsContent(value) || wrapped === undefined) {
    return { ...value, content: blocksOf(value.content) } as ToolResult;
  }
  const inner = isObject(wrapped) && holdsContent(wrapped) ? wrapped : { content: wrapped };
  return { ...value, ...inner, content: blocksOf(inner.content) } as ToolResult;
}

/** Whether an object says that it is a tool result, whatever else it may look like. */
export function holdsContent(value: unknown): boolean {
  return isObject(value) && (value.content !== undefined || value.structuredContent !== undefined);
}

/** Without content, a task or a question that cannot be read must not pass for an empty result: that would be a success. */
function isSomethingElse({ task, taskId, inputRequests, resultType = "complete" }: JsonObject): boolean {
  return (
    task !== undefined || taskId !== undefined || inputRequests !== undefined || resultType !== "complete"
  );
}

function blocksOf(content: unknown): readonly ContentBlock[] {
  if (content === undefined || content === null) return [];
  if (!Array.isArray(content)) return [blockOf(content)];
  return content.every(isBlock) ? content : content.map(blockOf);
}

function blockOf(value: unknown): ContentBlock {
  if (isBlock(value)) return value;
  if (!isObject(value)) return textBlock(typeof value === "string" ? value : jsonText(value));
  const type = typeof value.text === "string" ? "text" : mediaTypeOf(value);
  return type === undefined ? textBlock(jsonText(value)) : { ...value, type };
}

/** Derives the `type` of a block without one from its fields. */
function mediaTypeOf({ data, mimeType, resource, uri, name }: JsonObject): string | undefined {
  if (typeof data === "string" && typeof mimeType === "string")
    return /^(image|audio)(?=\/)/.exec(mimeType)?.[0];
  if (isObject(resource)) return "resource";
  return typeof uri === "string" && typeof name === "string" ? "resource_link" : undefined;
}

function isBlock(value: unknown): value is ContentBlock {
  return isObject(value) && typeof value.type === "string";
}

function textBlock(text: string): ContentBlock {
  return { type: "text", text };
}
