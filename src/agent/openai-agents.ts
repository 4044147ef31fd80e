/**
 * Agent tools for the OpenAI Agents SDK (`@openai/agents`), without importing it.
 * @module
 */
import type { AgentTool } from "./agent-tool.ts";
import { callByName } from "./call-by-name.ts";
import type { News } from "./conversation.ts";
import { dataUrl, isImage, type ModelPart, markedText, modelParts, partText } from "./model-parts.ts";
import { newsParts } from "./news-parts.ts";
import { parameterSchema } from "./parameter-schema.ts";

/** A function tool of `new Agent({ tools })`. */
export interface OpenAiAgentsTool {
  type: "function";
  name: string;
  description: string;
  parameters: {
    type: "object";
    properties: Record<string, Record<string, unknown>>;
    required: string[];
    additionalProperties: true;
  };
  /** A server's schema need not be of the subset that strict mode takes. */
  strict: false;
  invoke: (
    context: unknown,
    input: string,
    details?: { readonly signal?: AbortSignal },
  ) => Promise<string | OpenAiAgentsOutput[]>;
  needsApproval: () => Promise<boolean>;
  isEnabled: () => Promise<boolean>;
}

/** A part of a tool's output. Data are data URLs. */
export type OpenAiAgentsOutput =
  | { type: "text"; text: string }
  | { type: "image"; image: string; detail: "auto" }
  | { type: "file"; file: { data: string; mediaType: string; filename: string } };

/**
 * The tools as an `Agent` takes them.
 * @example
 * const agent = new Agent({ name: "Librarian", instructions: "Get papers.", tools: openAiAgentsTools(tools) });
 */
export function openAiAgentsTools(tools: readonly AgentTool[]): OpenAiAgentsTool[] {
  return tools.map(({ name, description, inputSchema }) => ({
    type: "function",
    name,
    description,
    parameters: parametersOf(inputSchema),
    strict: false,
    async invoke(_context, input, details) {
      const result = await callByName(tools, name, input, { signal: details?.signal });
      const parts = modelParts(result).map(outputOf);
      return result.isError || parts.every(({ type }) => type === "text") ? markedText(result) : parts;
    },
    needsApproval: async () => false,
    isEnabled: async () => true,
  }));
}

/** An item of `run(agent, items)`: what ended. */
export interface OpenAiAgentsNewsItem {
  type: "message";
  role: "user";
  content: (
    | { type: "input_text"; text: string }
    | { type: "input_image"; image: string; detail: "auto" }
    | { type: "input_file"; file: string; filename: string }
  )[];
}

/**
 * The items of `run(agent, items)` with what ended since the last turn (`Conversation.news`): in one message of the user, at the
 * end. Returns the same items if they have it all. With a session, give it the session's items and send what it adds.
 * @example
 * const news = await conversation.news();
 * const { history } = await run(agent, openAiAgentsNews(items, news));
 * await news.acknowledge();
 */
export function openAiAgentsNews<Item extends object>(
  items: readonly Item[],
  news: News,
): (Item | OpenAiAgentsNewsItem)[] {
  const parts = newsParts(items, news);
  return parts ? [...items, { type: "message", role: "user", content: parts.map(inputOf) }] : [...items];
}

/** The types of the SDK want all of these fields. What the server says goes to the model. */
function parametersOf(inputSchema: AgentTool["inputSchema"]): OpenAiAgentsTool["parameters"] {
  const schema = { required: [], additionalProperties: true, ...parameterSchema(inputSchema) };
  return schema as object as OpenAiAgentsTool["parameters"];
}

function outputOf(part: ModelPart): OpenAiAgentsOutput {
  if (part.kind === "text") return { type: "text", text: part.text };
  if (isImage(part)) return { type: "image", image: dataUrl(part), detail: "auto" };
  const { data, mimeType: mediaType } = part;
  if (mediaType === "application/pdf")
    return { type: "file", file: { data, mediaType, filename: "result.pdf" } };
  return { type: "text", text: partText(part) };
}

function inputOf(part: ModelPart): OpenAiAgentsNewsItem["content"][number] {
  if (part.kind === "text") return { type: "input_text", text: part.text };
  if (isImage(part)) return { type: "input_image", image: dataUrl(part), detail: "auto" };
  if (part.mimeType === "application/pdf")
    return { type: "input_file", file: dataUrl(part), filename: "result.pdf" };
  return { type: "input_text", text: partText(part) };
}
