/**
 * Agent tools for the Anthropic Messages API (`@anthropic-ai/sdk`), without importing it.
 * @module
 */
import type { JsonObject } from "../protocol/json.ts";
import type { ToolResult } from "../protocol/tool-result.ts";
import type { AgentTool, ExecuteOptions } from "./agent-tool.ts";
import { callByName } from "./call-by-name.ts";
import type { News } from "./conversation.ts";
import { type ModelPart, modelParts, modelText, partText } from "./model-parts.ts";
import { newsParts } from "./news-parts.ts";
import { parameterSchema } from "./parameter-schema.ts";

/** A tool of `messages.create({ tools })`. */
export interface AnthropicTool {
  name: string;
  description: string;
  input_schema: { type: "object"; [keyword: string]: unknown };
}

const IMAGE_TYPES = ["image/jpeg", "image/png", "image/gif", "image/webp"] as const;
export type ImageType = (typeof IMAGE_TYPES)[number];

/** One block of a tool result. `data` is base64. */
export type AnthropicContent =
  | { type: "text"; text: string }
  | { type: "image"; source: { type: "base64"; media_type: ImageType; data: string } }
  | { type: "document"; source: { type: "base64"; media_type: "application/pdf"; data: string } };

/** A block of the user's next message, which answers a `tool_use` block. */
export interface AnthropicToolResult {
  type: "tool_result";
  tool_use_id: string;
  content: AnthropicContent[];
  is_error?: boolean;
}

/** A tool of `client.beta.messages.toolRunner`. */
export interface AnthropicRunnableTool extends AnthropicTool {
  run(
    args: JsonObject,
    context?: { readonly signal?: AbortSignal | null | undefined },
  ): Promise<AnthropicContent[]>;
  parse(content: unknown): JsonObject;
}

/**
 * The tools as `messages.create` takes them.
 * @example
 * const reply = await anthropic.messages.create({ model, max_tokens: 1_024, tools: anthropicTools(tools), messages });
 */
export function anthropicTools(tools: readonly AgentTool[]): AnthropicTool[] {
  return tools.map(({ name, description, inputSchema }) => ({
    name,
    description,
    input_schema: parameterSchema(inputSchema),
  }));
}

/**
 * A result as the block that answers `tool_use` block `toolUseId`.
 * @example
 * const block = anthropicToolResult("toolu_1", await callByName(tools, "acquire_paper", { doi }));
 */
export function anthropicToolResult(toolUseId: string, result: ToolResult): AnthropicToolResult {
  return {
    type: "tool_result",
    tool_use_id: toolUseId,
    content: modelParts(result).map(contentOf),
    ...(result.isError && { is_error: true }),
  };
}

/**
 * Does all the tool calls of an assistant's message side by side: the content of the user message that answers it.
 * @example
 * messages.push({ role: "user", content: await anthropicToolResults(tools, reply.content) });
 */
export async function anthropicToolResults(
  tools: readonly AgentTool[],
  content: readonly object[],
  options: ExecuteOptions = {},
): Promise<AnthropicToolResult[]> {
  const calls = content.flatMap((block) => toolUse(block) ?? []);
  return Promise.all(
    calls.map(async ({ id, name, input }) =>
      anthropicToolResult(id, await callByName(tools, name, input, options)),
    ),
  );
}

/** A message of `messages.create({ messages })`, as far as the adapter reads it. */
export interface AnthropicMessage {
  role: string;
  content: string | object[];
}

/**
 * The messages with what ended since the last turn (`Conversation.news`): in one message of the user, at the end. A message of
 * the user that is the last one gets it after its own content. Returns the same messages if they have it all.
 * @example
 * const news = await conversation.news();
 * const reply = await anthropic.messages.create({ model, max_tokens: 1_024, messages: anthropicNews(messages, news) });
 * await news.acknowledge();
 */
export function anthropicNews<Message extends AnthropicMessage>(
  messages: readonly Message[],
  news: News,
): Message[] {
  const parts = newsParts(messages, news);
  if (!parts) return [...messages];
  const content = parts.map(contentOf);
  const last = messages.at(-1);
  if (last?.role !== "user") return [...messages, { role: "user", content } as object as Message];
  const own = typeof last.content === "string" ? [{ type: "text", text: last.content }] : last.content;
  return [...messages.slice(0, -1), { ...last, content: [...own, ...content] }];
}

/**
 * The tools as `client.beta.messages.toolRunner` takes them. It makes a failure of what they throw.
 * @example
 * const last = await anthropic.beta.messages.toolRunner({ model, max_tokens: 1_024, tools: anthropicRunnableTools(tools), messages });
 */
export function anthropicRunnableTools(tools: readonly AgentTool[]): AnthropicRunnableTool[] {
  return anthropicTools(tools).map((definition) => ({
    ...definition,
    // `run` tells the model about invalid arguments.
    parse: (content) => content as JsonObject,
    run: async (args, context) => {
      const result = await callByName(tools, definition.name, args, { signal: context?.signal ?? undefined });
      if (result.isError) throw new AnthropicToolFailure(modelText(result));
      return modelParts(result).map(contentOf);
    },
  }));
}

/** What a runnable tool throws for a result with `isError`: the message is the result's text. */
export class AnthropicToolFailure extends Error {
  override readonly name = "AnthropicToolFailure";
}

function toolUse(block: object): { id: string; name: string; input: unknown } | undefined {
  const { type, id, name, input } = block as Partial<Record<string, unknown>>;
  const called = type === "tool_use" && typeof id === "string" && typeof name === "string";
  return called ? { id, name, input } : undefined;
}

function contentOf(part: ModelPart): AnthropicContent {
  if (part.kind === "text") return { type: "text", text: part.text };
  const { data, mimeType } = part;
  const image = IMAGE_TYPES.find((type) => type === mimeType);
  if (image) return { type: "image", source: { type: "base64", media_type: image, data } };
  if (mimeType === "application/pdf") {
    return { type: "document", source: { type: "base64", media_type: mimeType, data } };
  }
  return { type: "text", text: partText(part) };
}
