/**
 * Agent tools for the Vercel AI SDK (`ai`), without importing it.
 * @module
 */
import type { JsonObject } from "../protocol/json.ts";
import { readToolResult, type ToolResult } from "../protocol/tool-result.ts";
import type { AgentTool } from "./agent-tool.ts";
import { type AiSdkSchema, schemaOf } from "./ai-sdk-schema.ts";
import type { News } from "./conversation.ts";
import { type ModelPart, modelParts, partText } from "./model-parts.ts";
import { newsParts } from "./news-parts.ts";

export type { AiSdkIssues, AiSdkSchema, SchemaJson } from "./ai-sdk-schema.ts";

/** What a model is sent of a result. `data` is base64. */
export type AiSdkOutput<Part = AiSdkPart> =
  | { type: "text"; value: string }
  | { type: "error-text"; value: string }
  | { type: "content"; value: Part[] };

export type AiSdkPart =
  | { type: "text"; text: string }
  | { type: "file"; mediaType: string; data: { type: "data"; data: string } };

/** A part of an output in version 6, and in Mastra. */
export type AiSdk6Part = { type: "text"; text: string } | { type: "media"; mediaType: string; data: string };

/** A tool of a `ToolSet`. */
export interface AiSdkTool<Part = AiSdkPart> {
  readonly type: "dynamic";
  readonly description: string;
  readonly inputSchema: AiSdkSchema;
  readonly execute: (
    input: JsonObject,
    options: { readonly abortSignal?: AbortSignal },
  ) => Promise<ToolResult>;
  readonly toModelOutput: (options: { readonly output: unknown }) => AiSdkOutput<Part>;
}

/**
 * The tools as a `ToolSet` for `generateText`, `streamText` and agents of version 7.
 * @example
 * const { text } = await generateText({ model, tools: aiSdkTools(tools), prompt });
 */
export function aiSdkTools(tools: readonly AgentTool[]): Record<string, AiSdkTool> {
  return executed(tools, modelOutput);
}

/**
 * The same for version 6, whose outputs have media in another form.
 * @example
 * const { text } = await generateText({ model, tools: aiSdk6Tools(tools), prompt }); // ai@6
 */
export function aiSdk6Tools(tools: readonly AgentTool[]): Record<string, AiSdkTool<AiSdk6Part>> {
  return executed(tools, modelOutput6);
}

/**
 * The tools of a page for the route of its chat: the route declares them to the model, and the page makes the calls (`onToolCall`).
 * @example
 * const { messages, tools } = await request.json();
 * const stream = streamText({ model, tools: aiSdkPageTools(tools), messages });
 */
export function aiSdkPageTools(
  tools: readonly Pick<AgentTool, "name" | "description" | "inputSchema">[],
): Record<string, Omit<AiSdkTool, "execute">> {
  return Object.fromEntries(tools.map((tool) => [tool.name, definitionOf(tool, modelOutput)]));
}

function executed<Part>(
  tools: readonly AgentTool[],
  outputOf: (output: unknown) => AiSdkOutput<Part>,
): Record<string, AiSdkTool<Part>> {
  return Object.fromEntries(
    tools.map((tool) => [
      tool.name,
      {
        ...definitionOf(tool, outputOf),
        execute: (input, { abortSignal }) => tool.execute(input, { signal: abortSignal }),
      } satisfies AiSdkTool<Part>,
    ]),
  );
}

function definitionOf<Part>(
  { description, inputSchema }: Pick<AgentTool, "description" | "inputSchema">,
  outputOf: (output: unknown) => AiSdkOutput<Part>,
): Omit<AiSdkTool<Part>, "execute"> {
  return {
    type: "dynamic",
    description,
    inputSchema: schemaOf(inputSchema),
    toModelOutput: ({ output }) => outputOf(output),
  };
}

/**
 * What the model is sent of a result: its text, media and structured content.
 * @example
 * const tool = { toModelOutput: ({ output }: { output: unknown }) => modelOutput(output) };
 */
export function modelOutput(output: unknown): AiSdkOutput {
  return outputIn(output, (part) =>
    part.kind === "text"
      ? { type: "text", text: part.text }
      : { type: "file", mediaType: part.mimeType, data: { type: "data", data: part.data } },
  );
}

/**
 * The same for version 6 of the AI SDK, and for Mastra.
 * @example
 * const tool = { toModelOutput: ({ output }: { output: unknown }) => modelOutput6(output) };
 */
export function modelOutput6(output: unknown): AiSdkOutput<AiSdk6Part> {
  return outputIn(output, (part) =>
    part.kind === "text"
      ? { type: "text", text: part.text }
      : { type: "media", mediaType: part.mimeType, data: part.data },
  );
}

function outputIn<Part>(output: unknown, partIn: (part: ModelPart) => Part): AiSdkOutput<Part> {
  const result = readToolResult(output);
  if (!result) return { type: "text", value: JSON.stringify(output) ?? "" };
  const parts = modelParts(result);
  // An error output holds nothing but text.
  if (result.isError) return { type: "error-text", value: parts.map(partText).join("\n\n") };
  const [only] = parts;
  if (parts.length === 1 && only?.kind === "text") return { type: "text", value: only.text };
  return { type: "content", value: parts.map(partIn) };
}

/** A user's message with what ended, for `messages` of `generateText`, `streamText` and agents. */
export interface AiSdkNewsMessage {
  role: "user";
  content: ({ type: "text"; text: string } | { type: "file"; mediaType: string; data: string })[];
}

/**
 * The messages (`ModelMessage`) with what ended since the last turn (`Conversation.news`): in one message of the user, at the
 * end. Returns the same messages if they have it all.
 * @example
 * import type { ModelMessage } from "ai";
 * const news = await conversation.news();
 * const { text } = await generateText({ model, messages: aiSdkNews(messages, news) as ModelMessage[] });
 * await news.acknowledge();
 */
export function aiSdkNews<Message extends object>(
  messages: readonly Message[],
  news: News,
): (Message | AiSdkNewsMessage)[] {
  const parts = newsParts(messages, news);
  return parts ? [...messages, { role: "user", content: parts.map(contentPart) }] : [...messages];
}

function contentPart(part: ModelPart): AiSdkNewsMessage["content"][number] {
  if (part.kind === "text") return { type: "text", text: part.text };
  return { type: "file", mediaType: part.mimeType, data: part.data };
}
