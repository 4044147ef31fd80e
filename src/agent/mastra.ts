/**
 * Agent tools for Mastra (`@mastra/core`), without importing it.
 * @module
 */
import type { JsonObject } from "../protocol/json.ts";
import type { ToolResult } from "../protocol/tool-result.ts";
import type { AgentTool } from "./agent-tool.ts";
import { type AiSdk6Part, type AiSdkOutput, modelOutput6 } from "./ai-sdk.ts";
import { type AiSdkSchema, schemaOf } from "./ai-sdk-schema.ts";

/**
 * The messages of `agent.generate` and `agent.stream` with what ended since the last turn (`Conversation.news`): in one message
 * of the user, at the end. With Mastra's memory, give it the messages of the thread and send what it adds.
 */
export { type AiSdkNewsMessage as MastraNewsMessage, aiSdkNews as mastraNews } from "./ai-sdk.ts";

/** A tool of `new Agent({ tools })`. */
export interface MastraTool {
  readonly id: string;
  readonly description: string;
  readonly inputSchema: AiSdkSchema;
  readonly execute: (
    input: JsonObject,
    options?: { readonly abortSignal?: AbortSignal },
  ) => Promise<ToolResult>;
  readonly toModelOutput: (output: unknown) => AiSdkOutput<AiSdk6Part>;
}

/**
 * The tools as `new Agent({ tools })` takes them.
 * @example
 * const agent = new Agent({ id: "librarian", name: "Librarian", instructions: "Get papers.", model, tools: mastraTools(tools) });
 */
export function mastraTools(tools: readonly AgentTool[]): Record<string, MastraTool> {
  return Object.fromEntries(
    tools.map((tool) => [
      tool.name,
      {
        id: tool.name,
        description: tool.description,
        inputSchema: schemaOf(tool.inputSchema),
        execute: (input, options) => tool.execute(input, { signal: options?.abortSignal }),
        toModelOutput: modelOutput6,
      } satisfies MastraTool,
    ]),
  );
}
