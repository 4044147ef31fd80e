import type { ModelMessage, UIMessage } from "ai";
import { MockLanguageModelV4, simulateReadableStream } from "ai/test";
import { tools } from "./agents.ts";

export { generateText, streamText } from "ai";
export * from "./agents.ts";

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
};
const finishReason = { unified: "stop", raw: undefined } as const;

/** A model that says one word. */
export const model = new MockLanguageModelV4({
  doGenerate: async () => ({ content: [{ type: "text", text: "Done" }], finishReason, usage, warnings: [] }),
  doStream: async () => ({
    stream: simulateReadableStream({ chunks: [{ type: "finish", finishReason, usage }] }),
  }),
});
export const messages: ModelMessage[] = [{ role: "user", content: "Get the paper" }];
export const request = new Request("https://app.example/api/chat", {
  method: "POST",
  body: JSON.stringify({ messages, tools }),
});

/** A chat in a page. */
export const load = async (): Promise<UIMessage[]> => [];
export const save = async (): Promise<void> => undefined;
export const chat = { messages: [] as UIMessage[], status: "ready", sendMessage: async () => undefined };
