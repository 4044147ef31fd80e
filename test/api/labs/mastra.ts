import type { MastraModelConfig } from "@mastra/core/llm";
import { model as mock } from "./ai-sdk.ts";

export { Agent } from "@mastra/core/agent";
export { tools } from "./agents.ts";
export const model = mock as object as MastraModelConfig;
