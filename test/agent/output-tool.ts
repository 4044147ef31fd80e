import type { AgentTool } from "../../src/agent/index.ts";
import type { ContentBlock } from "../../src/protocol/tool-result.ts";

/** A tool whose result has this content. */
export function outputTool(content: ContentBlock[], isError = false): AgentTool {
  return {
    name: "output",
    description: "Returns what the test says",
    inputSchema: { type: "object", properties: { doi: { type: "string" } } },
    execute: async () => ({ content, ...(isError && { isError }) }),
  };
}
