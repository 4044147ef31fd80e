import type { JsonObject } from "../protocol/json.ts";
import type { ListedTool } from "../protocol/tool-facts.ts";
import type { ToolResult } from "../protocol/tool-result.ts";

export interface ExecuteOptions {
  /** Ends the wait, never the task: the promise rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** How long this call may take, in ms, before a running result is given. */
  readonly budgetMs?: number | undefined;
}

/** A tool as an agent loop takes it. */
export interface AgentTool {
  /** Of `[a-zA-Z0-9_-]`, 64 characters at most; no two tools of a list have the same. */
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments, as the server sent it. */
  readonly inputSchema: JsonObject;
  /** Where it comes from. The companion tools have none. */
  readonly origin?: { readonly endpoint: string; readonly tool: ListedTool };
  /** Gives the tool's result, a running result or a failure (`isError`). Rejects only when the signal is aborted. */
  execute(args?: JsonObject, options?: ExecuteOptions): Promise<ToolResult>;
}
