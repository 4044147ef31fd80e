import { Agent } from "@mastra/core/agent";
import type { MastraModelConfig } from "@mastra/core/llm";
import type { ModelMessage } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { expect, it } from "vitest";
import type { AgentTool } from "../../src/agent/index.ts";
import { mastraNews, mastraTools } from "../../src/agent/mastra.ts";
import { generated, USAGE } from "./ai-sdk-model.ts";
import { outputTool } from "./output-tool.ts";
import { type Adapter, deliversOnce, next } from "./three-papers.ts";

const agentOf = (model: MockLanguageModelV4, tools: readonly AgentTool[]): Agent =>
  new Agent({
    id: "reader",
    name: "reader",
    instructions: "Read",
    // Mastra has types of its own for the models of the AI SDK.
    model: model as object as MastraModelConfig,
    tools: mastraTools(tools),
    maxRetries: 0,
  });

const adapter: Adapter = {
  withNews: (messages, news) => mastraNews(messages, news),
  async turn(messages, news, { tools }, answered) {
    const respond = (prompt: unknown): ReturnType<typeof next> => {
      const step = next(prompt);
      answered();
      return step;
    };
    const model = new MockLanguageModelV4({
      doGenerate: async ({ prompt }) => generated(respond(prompt)),
    });
    const all: ModelMessage[] = mastraNews(messages as ModelMessage[], news);
    const { response, error } = await agentOf(model, tools).generate(all, { maxSteps: 2 });
    if (error) throw error;
    return [...all, ...(response.messages ?? [])];
  },
};

deliversOnce("an agent of Mastra", adapter);

it("Mastra hands text, media and failures to the model", async () => {
  const outputs: unknown[] = [];
  const respond = (prompt: Parameters<MockLanguageModelV4["doGenerate"]>[0]["prompt"]) => {
    const last = prompt.at(-1);
    if (last?.role !== "tool") {
      const call = { type: "tool-call" as const, toolCallId: "1", toolName: "output", input: "{}" };
      const finishReason = { unified: "tool-calls" as const, raw: undefined };
      return { content: [call], finishReason, usage: USAGE, warnings: [] };
    }
    outputs.push(...last.content.map((part) => ("output" in part ? part.output : undefined)));
    return generated({ text: "Done" });
  };
  const model = new MockLanguageModelV4({
    doGenerate: async ({ prompt }) => respond(prompt),
  });
  const image = { type: "image", data: "aGk=", mimeType: "image/png" };
  for (const tool of [
    outputTool([{ type: "text", text: "Hi" }]),
    outputTool([{ type: "text", text: "Hi" }, image]),
    outputTool([{ type: "text", text: "No" }], true),
  ]) {
    await agentOf(model, [tool]).generate("Go", { maxSteps: 2 });
  }
  expect(outputs).toEqual([
    { type: "text", value: "Hi" },
    {
      type: "content",
      value: [
        { type: "text", text: "Hi" },
        { type: "file", mediaType: "image/png", data: { type: "data", data: "aGk=" } },
      ],
    },
    { type: "error-text", value: "No" },
  ]);
});
