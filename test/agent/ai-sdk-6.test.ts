import { generateText, type ModelMessage, stepCountIs, type ToolSet } from "ai6";
import { MockLanguageModelV3 } from "ai6/test";
import { expect, it } from "vitest";
import { aiSdk6Tools, aiSdkNews } from "../../src/agent/ai-sdk.ts";
import { generated, USAGE } from "./ai-sdk-model.ts";
import { outputTool } from "./output-tool.ts";
import { type Adapter, deliversOnce, next } from "./three-papers.ts";

const adapter: Adapter = {
  withNews: (messages, news) => aiSdkNews(messages, news),
  async turn(messages, news, papers, answered) {
    const model = new MockLanguageModelV3({
      doGenerate: async ({ prompt }) => {
        const step = next(prompt);
        answered();
        return generated(step);
      },
    });
    // Checked against the library's own types.
    const tools: ToolSet = aiSdk6Tools(papers.tools);
    const all: ModelMessage[] = aiSdkNews(messages as ModelMessage[], news);
    const { response } = await generateText({ model, tools, messages: all, stopWhen: stepCountIs(2) });
    return [...all, ...response.messages];
  },
};

deliversOnce("generateText of AI SDK 6", adapter);

it("AI SDK 6 hands text, media and failures to the model", async () => {
  const outputs: unknown[] = [];
  const model = new MockLanguageModelV3({
    doGenerate: async ({ prompt }) => {
      const last = prompt.at(-1);
      if (last?.role === "tool") {
        outputs.push(...last.content.map((part) => ("output" in part ? part.output : undefined)));
        return generated({ text: "Done" });
      }
      return {
        content: [{ type: "tool-call", toolCallId: "1", toolName: "output", input: "{}" }],
        finishReason: { unified: "tool-calls", raw: undefined },
        usage: USAGE,
        warnings: [],
      };
    },
  });
  const image = { type: "image", data: "aGk=", mimeType: "image/png" };
  const pdf = { type: "resource", resource: { uri: "x:", blob: "aGk=", mimeType: "application/pdf" } };
  for (const tool of [outputTool([image, pdf]), outputTool([{ type: "text", text: "No" }], true)]) {
    const tools: ToolSet = aiSdk6Tools([tool]);
    await generateText({ model, tools, prompt: "Go", stopWhen: stepCountIs(2) });
  }
  expect(outputs).toEqual([
    {
      type: "content",
      value: [
        { type: "image-data", data: "aGk=", mediaType: "image/png" },
        { type: "file-data", data: "aGk=", mediaType: "application/pdf" },
      ],
    },
    { type: "error-text", value: "No" },
  ]);
});
