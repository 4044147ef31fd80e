import { MockLanguageModelV3 } from "ai6/test";

export { generateText } from "ai6";
export { prompt, tools } from "./agents.ts";

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
};
export const model = new MockLanguageModelV3({
  doGenerate: async () => ({
    content: [{ type: "text", text: "Done" }],
    finishReason: { unified: "stop", raw: undefined },
    usage,
    warnings: [],
  }),
});
