/**
 * Agent tools for TanStack AI (`@tanstack/ai`), without importing it.
 * @module
 */
import type { AgentTool } from "./agent-tool.ts";
import { callByName } from "./call-by-name.ts";
import type { News } from "./conversation.ts";
import { isImage, type ModelPart, markedText, modelParts, partText } from "./model-parts.ts";
import { newsParts } from "./news-parts.ts";
import { parameterSchema } from "./parameter-schema.ts";

/** A tool of `chat({ tools })`. */
export interface TanStackTool {
  name: string;
  description: string;
  inputSchema: { type: "object"; [keyword: string]: unknown };
  execute: (
    args: unknown,
    context?: { readonly abortSignal?: AbortSignal },
  ) => Promise<string | TanStackContent[]>;
}

/** A part of a message or of a tool's output. `value` is base64. */
export type TanStackContent =
  | { type: "text"; content: string }
  | { type: "image" | "document"; source: { type: "data"; value: string; mimeType: string } };

/**
 * The tools as `chat` takes them.
 * @example
 * const stream = chat({ adapter, messages, tools: tanStackTools(tools) });
 */
export function tanStackTools(tools: readonly AgentTool[]): TanStackTool[] {
  return tools.map(({ name, description, inputSchema }) => ({
    name,
    description,
    inputSchema: parameterSchema(inputSchema),
    async execute(args, context) {
      const result = await callByName(tools, name, args, { signal: context?.abortSignal });
      const parts = modelParts(result).map(contentOf);
      return result.isError || parts.every(({ type }) => type === "text") ? markedText(result) : parts;
    },
  }));
}

/** A message of the user with what ended. */
export interface TanStackNewsMessage {
  role: "user";
  content: TanStackContent[];
}

/**
 * The messages of `chat({ messages })` with what ended since the last turn (`Conversation.news`): in one message of the user, at
 * the end. Returns the same messages if they have it all.
 * @example
 * const news = await conversation.news();
 * const stream = chat({ adapter, messages: tanStackNews(messages, news) });
 * await news.acknowledge();
 */
export function tanStackNews<Message extends object>(
  messages: readonly Message[],
  news: News,
): (Message | TanStackNewsMessage)[] {
  const parts = newsParts(messages, news);
  return parts ? [...messages, { role: "user", content: parts.map(contentOf) }] : [...messages];
}

function contentOf(part: ModelPart): TanStackContent {
  if (part.kind === "text") return { type: "text", content: part.text };
  const { data: value, mimeType } = part;
  if (isImage(part)) return { type: "image", source: { type: "data", value, mimeType } };
  if (mimeType === "application/pdf") return { type: "document", source: { type: "data", value, mimeType } };
  return { type: "text", content: partText(part) };
}
