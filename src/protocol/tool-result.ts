import { isObject, type JsonObject } from "./json.ts";

/** One block of a tool result's content. Its other fields depend on `type` (tools, "Tool Result"). */
export interface ContentBlock {
  readonly type: string;
  readonly [field: string]: unknown;
}

/**
 * What a tool gave back, exactly as the server sent it (tools, "Tool Result").
 * `isError: true` is the tool's own failure: the call itself went through.
 */
export interface ToolResult {
  readonly content: readonly ContentBlock[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean;
  readonly _meta?: JsonObject;
  readonly [field: string]: unknown;
}

/**
 * Accepts what a `CallToolResult` must have. `content` may be absent (servers before
 * 2025-06-18 and some results with only `structuredContent`): it is then an empty list.
 */
export function readToolResult(value: unknown): ToolResult | undefined {
  if (!isObject(value)) return undefined;
  const content = value.content ?? [];
  if (!Array.isArray(content)) return undefined;
  if (!content.every((block) => isObject(block) && typeof block.type === "string")) return undefined;
  if (value.content === undefined && value.structuredContent === undefined) return undefined;
  return { ...value, content } as ToolResult;
}
