import Anthropic from "@anthropic-ai/sdk";
import { convertToModelMessages, generateText, type ModelMessage, streamText, type UIMessage } from "ai";
import { MockLanguageModelV4, simulateReadableStream } from "ai/test";
import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { aiSdkNews, aiSdkTools } from "../../src/agent/ai-sdk.ts";
import { aiSdkChatNews } from "../../src/agent/ai-sdk-chat.ts";
import { anthropicNews, anthropicToolResults, anthropicTools } from "../../src/agent/anthropic.ts";
import {
  openAiChatNews,
  openAiChatTools,
  openAiFunctionOutputs,
  openAiNews,
  openAiToolMessages,
  openAiTools,
} from "../../src/agent/openai.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { paperOf } from "../../worker/samples/paper.ts";
import { generated, streamed } from "./ai-sdk-model.ts";
import { noProcess, type SlowPapers, slowPapers } from "./slow-papers.ts";
import { type Adapter, DOIS, deliversOnce, laterProcess, next } from "./three-papers.ts";

const aiSdk: Adapter = {
  withNews: (messages, news) => aiSdkNews(messages, news),
  async turn(messages, news, { tools }, answered) {
    const model = new MockLanguageModelV4({
      doGenerate: async ({ prompt }) => {
        const step = next(prompt);
        answered();
        return generated(step);
      },
    });
    const all = aiSdkNews(messages as ModelMessage[], news);
    const { responseMessages } = await generateText({
      model,
      tools: aiSdkTools(tools),
      messages: all,
      stopWhen: ({ steps }) => steps.length === 2,
    });
    return [...all, ...responseMessages];
  },
};

const anthropic: Adapter = {
  withNews: (messages, news) => anthropicNews(messages as Anthropic.MessageParam[], news),
  async turn(messages, news, { tools }, answered) {
    const client = new Anthropic({
      apiKey: "none",
      maxRetries: 0,
      fetch: async (_url, init) => {
        const { messages: sent } = JSON.parse(String(init?.body)) as Anthropic.MessageCreateParams;
        const step = next(sent);
        answered();
        const content =
          "text" in step
            ? [{ type: "text", text: step.text }]
            : step.calls.map((doi) => ({ type: "tool_use", id: doi, name: "acquire_paper", input: { doi } }));
        return Response.json({ id: "m", type: "message", role: "assistant", model: "m", content, usage: {} });
      },
    });
    let all = anthropicNews(messages as Anthropic.MessageParam[], news);
    for (;;) {
      const { content } = await client.messages.create({
        model: "m",
        max_tokens: 100,
        messages: all,
        tools: anthropicTools(tools),
      });
      const results = await anthropicToolResults(tools, content);
      all = [...all, { role: "assistant", content }];
      if (results.length === 0) return all;
      all = [...all, { role: "user", content: results }];
    }
  },
};

function openAi(reply: (request: JsonObject) => JsonObject): OpenAI {
  const fetch = async (_url: unknown, init?: RequestInit): Promise<Response> =>
    Response.json(reply(JSON.parse(String(init?.body)) as JsonObject));
  return new OpenAI({ apiKey: "none", fetch, maxRetries: 0 });
}

const responses: Adapter = {
  withNews: (messages, news) => openAiNews(messages, news),
  async turn(messages, news, { tools }, answered) {
    const client = openAi(({ input }) => {
      const step = next(input);
      answered();
      const output =
        "text" in step
          ? [
              {
                type: "message",
                id: "m",
                role: "assistant",
                status: "completed",
                content: [{ type: "output_text", text: step.text, annotations: [] }],
              },
            ]
          : step.calls.map((doi) => ({
              type: "function_call",
              id: `f-${doi}`,
              call_id: doi,
              name: "acquire_paper",
              arguments: JSON.stringify({ doi }),
            }));
      return { id: "r", object: "response", created_at: 1, status: "completed", model: "m", output };
    });
    let all = openAiNews(messages as OpenAI.Responses.ResponseInputItem[], news);
    for (;;) {
      const { output } = await client.responses.create({ model: "m", input: all, tools: openAiTools(tools) });
      const results = await openAiFunctionOutputs(tools, output);
      all = [...all, ...(output as OpenAI.Responses.ResponseInputItem[]), ...results];
      if (results.length === 0) return all;
    }
  },
};

const chat: Adapter = {
  withNews: (messages, news) => openAiChatNews(messages, news),
  async turn(messages, news, { tools }, answered) {
    const client = openAi((request) => {
      const step = next(request.messages);
      answered();
      const message =
        "text" in step
          ? { role: "assistant", content: step.text }
          : {
              role: "assistant",
              content: null,
              tool_calls: step.calls.map((doi) => ({
                id: doi,
                type: "function",
                function: { name: "acquire_paper", arguments: JSON.stringify({ doi }) },
              })),
            };
      return {
        id: "c",
        object: "chat.completion",
        created: 1,
        model: "m",
        choices: [{ index: 0, message, finish_reason: "stop" }],
      };
    });
    let all = openAiChatNews(messages as OpenAI.ChatCompletionMessageParam[], news);
    for (;;) {
      const { choices } = await client.chat.completions.create({
        model: "m",
        messages: all,
        tools: openAiChatTools(tools),
      });
      const message = choices[0]?.message;
      if (!message) throw new Error("No choice");
      const results = await openAiToolMessages(tools, message.tool_calls);
      all = [...all, message, ...results];
      if (results.length === 0) return all;
    }
  },
};

deliversOnce("generateText of the AI SDK", aiSdk);
deliversOnce("messages.create of Anthropic", anthropic);
deliversOnce("responses.create of OpenAI", responses);
deliversOnce("chat.completions.create of OpenAI", chat);

describe("a useChat page", () => {
  const chatModel = (): MockLanguageModelV4 =>
    new MockLanguageModelV4({
      doStream: async ({ prompt }) => {
        return { stream: simulateReadableStream({ chunks: streamed(next(prompt)) }) };
      },
    });

  /** The route of the chat: what it streams, as the page stores it. */
  async function route(messages: UIMessage[], { tools }: SlowPapers, steps: number): Promise<UIMessage[]> {
    let stored: UIMessage[] = [];
    const result = streamText({
      model: chatModel(),
      tools: aiSdkTools(tools),
      messages: await convertToModelMessages(messages),
      stopWhen: ({ steps: done }) => done.length >= steps,
    });
    const stream = result.toUIMessageStream({
      originalMessages: messages,
      onFinish: ({ messages: all }) => {
        stored = JSON.parse(JSON.stringify(all)) as UIMessage[];
      },
    });
    for await (const _chunk of stream);
    return stored;
  }

  const asked: UIMessage[] = [
    { id: "u1", role: "user", parts: [{ type: "text", text: "Get three papers" }] },
  ];

  function outputs(messages: readonly UIMessage[]): unknown[] {
    return messages.flatMap(({ parts }) =>
      parts.flatMap((part) => ("output" in part ? [(part.output as JsonObject).content] : [])),
    );
  }

  const results = DOIS.map((doi) => [{ type: "text", text: `Acquired "${paperOf(doi).title}" (${doi})` }]);

  it("shows each result at its place after a reload, once, and the model goes on", async () => {
    const left = noProcess();
    const before = await slowPapers(left, "chat-1");
    let stored = await route(asked, before, 2);
    expect(stored.at(-1)?.parts.at(-1)).toMatchObject({ type: "text", text: "They are running." });
    await before.client.close();

    const after = await laterProcess(left);
    const news = await after.conversation.news();
    const withNews = aiSdkChatNews(stored, news);
    expect(outputs(withNews)).toEqual(results);
    expect(withNews.length - stored.length, "one message says what ended").toBe(1);
    stored = await route(withNews, after, 1);
    expect(stored.at(-1)?.parts.at(-1)).toMatchObject({ text: `I have ${DOIS.join(", ")}.` });
    expect(aiSdkChatNews(stored, news), "a second tab that has them adds nothing").toEqual(stored);
    await news.acknowledge();
    expect((await after.conversation.news()).ended).toEqual([]);
    await after.close();
  });

  it("goes on without a further message where the running parts are the last ones", async () => {
    const left = noProcess();
    const before = await slowPapers(left, "chat-1");
    const stored = await route(asked, before, 1);
    await before.client.close();
    const after = await laterProcess(left);
    const withNews = aiSdkChatNews(stored, await after.conversation.news());
    expect(withNews).toHaveLength(stored.length);
    expect(outputs(withNews)).toEqual(results);
    await after.close();
  });

  it("fills a part whose page was gone before it had any output, by its tool and its arguments", async () => {
    const left = noProcess();
    const before = await slowPapers(left, "chat-1");
    await route(asked, before, 1);
    await before.client.close();
    const [doi] = DOIS;
    const stored: UIMessage[] = [
      ...asked,
      {
        id: "a1",
        role: "assistant",
        parts: [
          {
            type: "dynamic-tool",
            toolName: "acquire_paper",
            toolCallId: "x",
            state: "input-available",
            input: { doi },
          },
        ],
      },
    ];
    const after = await laterProcess(left);
    const withNews = aiSdkChatNews(stored, await after.conversation.news());
    expect(outputs(withNews)).toEqual(results.slice(0, 1));
    const message = JSON.stringify(withNews.at(-1));
    for (const other of DOIS.slice(1)) expect(message).toContain(paperOf(other).title);
    await after.close();
  });
});
