import type { AgentTool } from "../../src/agent/index.ts";

/** A tool that reports which signal ended it. */
export function signalled(): { readonly tool: AgentTool; readonly signals: unknown[] } {
  const signals: unknown[] = [];
  const execute: AgentTool["execute"] = async (_args, options) => {
    signals.push(options?.signal);
    return { content: [] };
  };
  return { tool: { name: "wait", description: "Waits", inputSchema: { type: "object" }, execute }, signals };
}
