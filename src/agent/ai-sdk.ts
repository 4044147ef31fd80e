/**
 * Agent tools for the Vercel AI SDK (`ai`), without importing it.
 * @module
 */
import { isObject, type JsonObject } from "../protocol/json.ts";
import { readToolResult, type ToolResult } from "../protocol/tool-result.ts";
import type { AgentTool } from "./agent-tool.ts";
import type { News } from "./conversation.ts";
import { ARGUMENTS_FORM } from "./messages.ts";
import { type ModelPart, modelParts, partText } from "./model-parts.ts";
import { newsParts } from "./news-parts.ts";
import { uncomposed } from "./parameter-schema.ts";

/** How the AI SDK knows a schema of its own, in all copies of it. */
const SCHEMA = Symbol.for("vercel.ai.schema");

/** Standard Schema (standardschema.dev), with its JSON Schema. */
export interface AiSdkSchema {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => { readonly value: JsonObject } | AiSdkIssues;
    readonly jsonSchema: { readonly input: () => SchemaJson; readonly output: () => SchemaJson };
  };
}

/** Why arguments are invalid. */
export interface AiSdkIssues {
  readonly issues: readonly { readonly message: string }[];
}

export type SchemaJson = Record<string, unknown>;

/** What a model is sent of a result. `data` is base64. */
export type AiSdkOutput =
  | { type: "text"; value: string }
  | { type: "error-text"; value: string }
  | { type: "content"; value: AiSdkPart[] };

export type AiSdkPart =
  | { type: "text"; text: string }
  | { type: "file"; mediaType: string; data: { type: "data"; data: string } };

/** A tool of a `ToolSet`. */
export interface AiSdkTool {
  readonly type: "dynamic";
  readonly description: string;
  readonly inputSchema: AiSdkSchema;
  readonly execute: (
    input: JsonObject,
    options: { readonly abortSignal?: AbortSignal },
  ) => Promise<ToolResult>;
  readonly toModelOutput: (options: { readonly output: unknown }) => AiSdkOutput;
}

/** The tools as a `ToolSet` for `generateText`, `streamText` and agents. */
export function aiSdkTools(tools: readonly AgentTool[]): Record<string, AiSdkTool> {
  return Object.fromEntries(tools.map((tool) => [tool.name, aiSdkTool(tool)]));
}

function aiSdkTool(tool: AgentTool): AiSdkTool {
  return {
    ...toolOf(tool.description, tool.inputSchema),
    execute: (input, { abortSignal }) => tool.execute(input, { signal: abortSignal }),
  };
}

/** The tools of a page for the route of its chat: the route tells the model of them, and the page makes the calls (`onToolCall`). */
export function aiSdkPageTools(
  tools: readonly Pick<AgentTool, "name" | "description" | "inputSchema">[],
): Record<string, Omit<AiSdkTool, "execute">> {
  return Object.fromEntries(
    tools.map(({ name, description, inputSchema }) => [name, toolOf(description, inputSchema)]),
  );
}

function toolOf(description: string, inputSchema: JsonObject): Omit<AiSdkTool, "execute"> {
  return {
    type: "dynamic",
    description,
    inputSchema: schemaOf(inputSchema),
    toModelOutput: ({ output }) => modelOutput(output),
  };
}

/** What the model is sent of a result: its text, media and structured content. */
export function modelOutput(output: unknown): AiSdkOutput {
  const result = readToolResult(output);
  if (!result) return { type: "text", value: JSON.stringify(output) ?? "" };
  const parts = modelParts(result);
  // An error output holds nothing but text.
  if (result.isError) return { type: "error-text", value: parts.map(partText).join("\n\n") };
  const [only] = parts;
  if (parts.length === 1 && only?.kind === "text") return { type: "text", value: only.text };
  return { type: "content", value: parts.map(outputPart) };
}

/** A user's message with what ended, for `messages` of `generateText`, `streamText` and agents. */
export interface AiSdkNewsMessage {
  role: "user";
  content: ({ type: "text"; text: string } | { type: "file"; mediaType: string; data: string })[];
}

/**
 * The messages (`ModelMessage`) with what ended since the last turn (`Conversation.news`): in one message of the user, at the
 * end. Returns the same messages if they have it all.
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

function outputPart(part: ModelPart): AiSdkPart {
  if (part.kind === "text") return { type: "text", text: part.text };
  return { type: "file", mediaType: part.mimeType, data: { type: "data", data: part.data } };
}

/**
 * Standard Schema is what the types of the AI SDK take, but it closes every object in the JSON Schema
 * (`additionalProperties: false`), and free-form arguments with it. With the mark of its own schemas
 * the JSON Schema goes to the model as the server sent it, but for what is composed at its top.
 */
function schemaOf(jsonSchema: JsonObject): AiSdkSchema {
  const plain = uncomposed(jsonSchema);
  const complete = plain.type === "object" ? plain : { ...plain, type: "object" };
  // The AI SDK writes into what it is given.
  const copy = (): SchemaJson => JSON.parse(JSON.stringify(complete)) as SchemaJson;
  const own = {
    [SCHEMA]: true,
    jsonSchema: complete,
    validate: (value: unknown) =>
      isObject(value) ? { success: true, value } : { success: false, error: new TypeError(ARGUMENTS_FORM) },
  };
  return {
    ...own,
    "~standard": {
      version: 1,
      vendor: "holdfast",
      validate: (value) => (isObject(value) ? { value } : { issues: [{ message: ARGUMENTS_FORM }] }),
      jsonSchema: { input: copy, output: copy },
    },
  };
}
