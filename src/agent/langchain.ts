/**
 * Agent tools for LangChain.js and LangGraph (`@langchain/core`), without importing it.
 * @module
 */
import type { ToolResult } from "../protocol/tool-result.ts";
import type { AgentTool } from "./agent-tool.ts";
import { callByName } from "./call-by-name.ts";
import type { News } from "./conversation.ts";
import { dataUrl, isImage, type ModelPart, markedText, partText } from "./model-parts.ts";
import { newsParts } from "./news-parts.ts";
import { parameterSchema } from "./parameter-schema.ts";

/** Makes a tool: `tool` of `@langchain/core/tools`. */
export type LangChainToolMaker<Tool> = (
  call: (args: unknown, config?: { readonly signal?: AbortSignal }) => Promise<[string, ToolResult]>,
  fields: LangChainToolFields,
) => Tool;

export interface LangChainToolFields {
  name: string;
  description: string;
  schema: { type: "object"; [keyword: string]: unknown };
  /** The text is for the model, and the whole result is the message's `artifact`. */
  responseFormat: "content_and_artifact";
}

/**
 * The tools as `bindTools` and `ToolNode` take them.
 * @example
 * import { tool } from "@langchain/core/tools";
 * const tools = langChainTools(tool, await agentTools(client, { conversation }));
 */
export function langChainTools<Tool>(make: LangChainToolMaker<Tool>, tools: readonly AgentTool[]): Tool[] {
  return tools.map(({ name, description, inputSchema }) =>
    make(
      async (args, config) => {
        const result = await callByName(tools, name, args, { signal: config?.signal });
        return [markedText(result), result];
      },
      {
        name,
        description,
        schema: parameterSchema(inputSchema),
        responseFormat: "content_and_artifact",
      },
    ),
  );
}

/** A message of the user with what ended: all that takes messages takes it. */
export interface LangChainNewsMessage {
  role: "user";
  content: ({ type: "text"; text: string } | { type: "image_url"; image_url: { url: string } })[];
}

/**
 * The messages of a model or of a graph's state with what ended since the last turn (`Conversation.news`): in one message of the
 * user, at the end. Returns the same messages if they have it all. With a checkpointer, give it the messages of the thread and
 * invoke the graph with what it adds.
 * @example
 * import type { BaseMessageLike } from "@langchain/core/messages";
 * const news = await conversation.news();
 * const reply = await chatModel.invoke(langChainNews(messages, news) as BaseMessageLike[]);
 * await news.acknowledge();
 */
export function langChainNews<Message extends object>(
  messages: readonly Message[],
  news: News,
): (Message | LangChainNewsMessage)[] {
  const parts = newsParts(messages, news);
  return parts ? [...messages, { role: "user", content: parts.map(contentOf) }] : [...messages];
}

function contentOf(part: ModelPart): LangChainNewsMessage["content"][number] {
  if (part.kind === "text") return { type: "text", text: part.text };
  if (isImage(part)) return { type: "image_url", image_url: { url: dataUrl(part) } };
  return { type: "text", text: partText(part) };
}
