/**
 * Agent tools for OpenAI's Responses and Chat Completions APIs (`openai`), without importing it.
 * @module
 */
import type { JsonObject } from "../protocol/json.ts";
import type { ToolResult } from "../protocol/tool-result.ts";
import type { AgentTool, ExecuteOptions } from "./agent-tool.ts";
import { callByName, readArguments } from "./call-by-name.ts";
import type { News } from "./conversation.ts";
import { ARGUMENTS_NOT_JSON } from "./messages.ts";
import { dataUrl, isImage, type ModelPart, markedText, modelParts, partText } from "./model-parts.ts";
import { newsParts } from "./news-parts.ts";
import { parameterSchema } from "./parameter-schema.ts";

/** A tool of `responses.create({ tools })`. */
export interface OpenAiFunctionTool {
  type: "function";
  name: string;
  description: string;
  parameters: { [keyword: string]: unknown };
  /** A server's schema need not be of the subset that strict mode takes. */
  strict: false;
}

/** A tool of `chat.completions.create({ tools })`. */
export interface OpenAiChatTool {
  type: "function";
  function: {
    name: string;
    description: string;
    parameters: { [keyword: string]: unknown };
    strict: false;
  };
}

/** A tool of `client.chat.completions.runTools`. */
export interface OpenAiRunnableTool {
  type: "function";
  function: {
    name: string;
    description: string;
    parameters: { [keyword: string]: never };
    strict: false;
    parse: (json: string) => JsonObject;
    function: (args: JsonObject, runner: { readonly controller: AbortController }) => Promise<string>;
  };
}

/** One item of a function's output. Data are data URLs. */
export type OpenAiOutputItem =
  | { type: "input_text"; text: string }
  | { type: "input_image"; image_url: string; detail: "auto" }
  | { type: "input_file"; filename: string; file_data: string };

/** An item of the next Responses input, which answers a `function_call` item. */
export interface OpenAiFunctionOutput {
  type: "function_call_output";
  call_id: string;
  output: string | OpenAiOutputItem[];
}

/** A Chat Completions message, which answers a tool call. */
export interface OpenAiToolMessage {
  role: "tool";
  tool_call_id: string;
  content: string;
}

/**
 * The tools as `responses.create` takes them.
 * @example
 * const response = await openai.responses.create({ model, tools: openAiTools(tools), input });
 */
export function openAiTools(tools: readonly AgentTool[]): OpenAiFunctionTool[] {
  return tools.map(({ name, description, inputSchema }) => ({
    type: "function",
    name,
    description,
    parameters: parameterSchema(inputSchema),
    strict: false,
  }));
}

/**
 * The tools as `chat.completions.create` takes them.
 * @example
 * const completion = await openai.chat.completions.create({ model, tools: openAiChatTools(tools), messages });
 */
export function openAiChatTools(tools: readonly AgentTool[]): OpenAiChatTool[] {
  return openAiTools(tools).map(({ type, ...definition }) => ({ type, function: definition }));
}

/**
 * A result as the output of the function call `callId`: a text, or a list where there is more than text.
 * @example
 * input.push(openAiFunctionOutput("call_1", await callByName(tools, "acquire_paper", { doi })));
 */
export function openAiFunctionOutput(callId: string, result: ToolResult): OpenAiFunctionOutput {
  const parts = modelParts(result);
  const items = parts.map(outputItem);
  const output = items.every(({ type }) => type === "input_text")
    ? markedText(result)
    : marked(items, result);
  return { type: "function_call_output", call_id: callId, output };
}

/**
 * A result as the message that answers the tool call `toolCallId`. These messages hold nothing but text.
 * @example
 * messages.push(openAiToolMessage("call_1", await callByName(tools, "acquire_paper", { doi })));
 */
export function openAiToolMessage(toolCallId: string, result: ToolResult): OpenAiToolMessage {
  return { role: "tool", tool_call_id: toolCallId, content: markedText(result) };
}

/**
 * Does all the function calls of a response's `output` side by side: the items to send next.
 * @example
 * input.push(...(await openAiFunctionOutputs(tools, response.output)));
 */
export async function openAiFunctionOutputs(
  tools: readonly AgentTool[],
  output: readonly object[],
  options: ExecuteOptions = {},
): Promise<OpenAiFunctionOutput[]> {
  const calls = output.flatMap((item) => functionCall(item) ?? []);
  return Promise.all(
    calls.map(async ({ id, name, args }) =>
      openAiFunctionOutput(id, await callByName(tools, name, args, options)),
    ),
  );
}

/**
 * Does all the `tool_calls` of an assistant's message side by side: the messages to send next.
 * @example
 * messages.push(...(await openAiToolMessages(tools, completion.choices[0]?.message.tool_calls)));
 */
export async function openAiToolMessages(
  tools: readonly AgentTool[],
  toolCalls: readonly object[] | undefined,
  options: ExecuteOptions = {},
): Promise<OpenAiToolMessage[]> {
  const calls = (toolCalls ?? []).flatMap((call) => chatCall(call) ?? []);
  return Promise.all(
    calls.map(async ({ id, name, args }) =>
      openAiToolMessage(id, await callByName(tools, name, args, options)),
    ),
  );
}

/** An item of the next Responses input: what ended since the last turn. */
export interface OpenAiNewsItem {
  type: "message";
  role: "user";
  content: OpenAiOutputItem[];
}

/**
 * The items of the next Responses input with what ended since the last turn (`Conversation.news`): in one message of the user,
 * at the end. Where the API holds the conversation (`previous_response_id`), give the items that were sent since, so that none
 * is added twice.
 * @example
 * const news = await conversation.news();
 * const response = await openai.responses.create({ model, input: openAiNews(input, news) });
 * await news.acknowledge();
 */
export function openAiNews<Item extends object>(
  input: readonly Item[],
  news: News,
): (Item | OpenAiNewsItem)[] {
  const parts = newsParts(input, news);
  return parts ? [...input, { type: "message", role: "user", content: parts.map(outputItem) }] : [...input];
}

/**
 * The messages of Chat Completions with what ended since the last turn: in one message of the user, at the end.
 * @example
 * const news = await conversation.news();
 * const completion = await openai.chat.completions.create({ model, messages: openAiChatNews(messages, news) });
 * await news.acknowledge();
 */
export function openAiChatNews<Message extends object>(
  messages: readonly Message[],
  news: News,
): (Message | { role: "user"; content: string })[] {
  const parts = newsParts(messages, news);
  return parts ? [...messages, { role: "user", content: parts.map(partText).join("\n\n") }] : [...messages];
}

/**
 * The tools as `client.chat.completions.runTools` takes them.
 * @example
 * const runner = openai.chat.completions.runTools({ model, tools: openAiRunnableTools(tools), messages });
 */
export function openAiRunnableTools(tools: readonly AgentTool[]): OpenAiRunnableTool[] {
  return openAiChatTools(tools).map(({ type, function: definition }) => ({
    type,
    function: {
      ...definition,
      parameters: definition.parameters as { [keyword: string]: never },
      parse: parsed,
      function: async (args, { controller }) =>
        markedText(await callByName(tools, definition.name, args, { signal: controller.signal })),
    },
  }));
}

/** What is thrown here goes to the model in the place of a result. */
function parsed(json: string): JsonObject {
  const args = readArguments(json);
  if (!args) throw new TypeError(ARGUMENTS_NOT_JSON);
  return args;
}

function marked(items: OpenAiOutputItem[], { isError }: ToolResult): OpenAiOutputItem[] {
  return isError ? [{ type: "input_text", text: "Error:" }, ...items] : items;
}

function outputItem(part: ModelPart): OpenAiOutputItem {
  if (part.kind === "text") return { type: "input_text", text: part.text };
  const url = dataUrl(part);
  if (isImage(part)) return { type: "input_image", image_url: url, detail: "auto" };
  if (part.mimeType === "application/pdf")
    return { type: "input_file", filename: "result.pdf", file_data: url };
  return { type: "input_text", text: partText(part) };
}

interface Call {
  readonly id: string;
  readonly name: string;
  readonly args: unknown;
}

function functionCall(item: object): Call | undefined {
  const { type, call_id, name, arguments: args } = item as Partial<Record<string, unknown>>;
  const called = type === "function_call" && typeof call_id === "string" && typeof name === "string";
  return called ? { id: call_id, name, args } : undefined;
}

function chatCall(call: object): Call | undefined {
  const { id, function: called } = call as Partial<Record<string, unknown>>;
  const { name, arguments: args } = (called ?? {}) as Partial<Record<string, unknown>>;
  return typeof id === "string" && typeof name === "string" ? { id, name, args } : undefined;
}
