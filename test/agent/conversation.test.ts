import Anthropic from "@anthropic-ai/sdk";
import { convertToModelMessages, generateText, type ModelMessage, streamText, type UIMessage } from "ai";
import { MockLanguageModelV4, simulateReadableStream } from "ai/test";
import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { aiSdkNews, aiSdkTools } from "../../src/agent/ai-sdk.ts";
import { aiSdkChatNews } from "../../src/agent/ai-sdk-chat.ts";
import { anthropicNews, anthropicToolResults, anthropicTools } from "../../src/agent/anthropic.ts";
import type { News } from "../../src/agent/conversation.ts";
import { endedMark } from "../../src/agent/messages.ts";
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
import { type Left, noProcess, type SlowPapers, slowPapers } from "./slow-papers.ts";

const DOIS = ["10.1/a", "10.1/b", "10.1/c"];
const LEASE_MS = 300_000;

/** What a scripted model does with the conversation, whatever the API: it calls, says that it waits, or says what it has. */
function next(conversation: unknown): { readonly calls: readonly string[] } | { readonly text: string } {
  // However often the text was quoted.
  const said = JSON.stringify(conversation).replaceAll("\\", "");
  const ended = DOIS.filter((doi) => said.includes(`Acquired "${paperOf(doi).title}" (${doi})`));
  if (ended.length > 0) return { text: `I have ${ended.join(", ")}.` };
  return said.includes("It is task ") ? { text: "They are running." } : { calls: DOIS };
}

interface Adapter {
  /** Adds the news, has the model answer with its tools, and returns all messages. Throws where the process dies. */
  turn(
    messages: readonly object[],
    news: News,
    papers: SlowPapers,
    answered: () => void,
  ): Promise<readonly object[]>;
  withNews(messages: readonly object[], news: News): readonly object[];
}

const USAGE = {
  inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
};

const aiSdk: Adapter = {
  withNews: (messages, news) => aiSdkNews(messages, news),
  async turn(messages, news, { tools }, answered) {
    const model = new MockLanguageModelV4({
      doGenerate: async ({ prompt }) => {
        const step = next(prompt);
        answered();
        const content =
          "text" in step
            ? [{ type: "text" as const, text: step.text }]
            : step.calls.map((doi) => ({
                type: "tool-call" as const,
                toolCallId: doi,
                toolName: "acquire_paper",
                input: JSON.stringify({ doi }),
              }));
        const unified = "text" in step ? ("stop" as const) : ("tool-calls" as const);
        return { content, finishReason: { unified, raw: undefined }, usage: USAGE, warnings: [] };
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

/** A process that goes on with the conversation, once all that runs has ended. */
async function laterProcess(left: Left): Promise<Awaited<ReturnType<typeof slowPapers>>> {
  const papers = await slowPapers(left, "chat-1");
  for (const task of await papers.client.resume()) await task.result();
  return papers;
}

describe.each([
  ["generateText of the AI SDK", aiSdk, { role: "user", content: "Get three papers" }],
  ["messages.create of Anthropic", anthropic, { role: "user", content: "Get three papers" }],
  ["responses.create of OpenAI", responses, { role: "user", content: "Get three papers" }],
  ["chat.completions.create of OpenAI", chat, { role: "user", content: "Get three papers" }],
])("%s", (_name, adapter, first) => {
  it("has three papers in one message once they ended, once each, though two processes died on the way", async () => {
    const left = noProcess();
    let stored: readonly object[] = [first];
    const store = (messages: readonly object[]): void => {
      stored = JSON.parse(JSON.stringify(messages)) as object[];
    };

    const asking = await slowPapers(left, "chat-1");
    store(await adapter.turn(stored, await asking.conversation.news(), asking, () => undefined));
    expect(JSON.stringify(stored.at(-1))).toContain("They are running.");
    const ids = (await asking.client.list()).map(({ id }) => id);
    expect(ids).toHaveLength(3);
    await asking.client.close();

    // Dies while the model answers: nothing is stored.
    const dying = await laterProcess(left);
    const lost = await dying.conversation.news();
    expect(lost.ended.map(({ task }) => task.id)).toEqual(ids);
    const death = adapter.turn(stored, lost, dying, () => {
      throw new Error("The process died");
    });
    await expect(death).rejects.toThrow();
    const second = await dying.conversation.news();
    expect(second.ended, "a turn that runs elsewhere has it").toEqual([]);
    await dying.client.close();

    // Dies after the answer was stored, before it is acknowledged.
    await left.clock.sleep(LEASE_MS);
    const answering = await laterProcess(left);
    const before = stored.length;
    store(await adapter.turn(stored, await answering.conversation.news(), answering, () => undefined));
    expect(JSON.stringify(stored.at(-1))).toContain(`I have ${DOIS.join(", ")}.`);
    expect(stored.length - before, "one message with all, and the answer").toBe(2);
    await answering.client.close();

    await left.clock.sleep(LEASE_MS);
    const last = await laterProcess(left);
    const again = await last.conversation.news();
    expect(again.ended.map(({ task }) => task.id)).toEqual(ids);
    expect(adapter.withNews(stored, again)).toEqual(stored);
    await again.acknowledge();
    expect((await last.conversation.news()).ended).toEqual([]);
    for (const id of ids) expect(JSON.stringify(stored).split(endedMark(id))).toHaveLength(2);
    expect(left.server.acquisitions).toBe(3);
    await last.close();
  });
});

describe("a useChat page", () => {
  const chatModel = (): MockLanguageModelV4 =>
    new MockLanguageModelV4({
      doStream: async ({ prompt }) => {
        const step = next(prompt);
        const chunks =
          "text" in step
            ? [
                { type: "text-start" as const, id: "1" },
                { type: "text-delta" as const, id: "1", delta: step.text },
                { type: "text-end" as const, id: "1" },
              ]
            : step.calls.map((doi) => ({
                type: "tool-call" as const,
                toolCallId: doi,
                toolName: "acquire_paper",
                input: JSON.stringify({ doi }),
              }));
        const unified = "text" in step ? ("stop" as const) : ("tool-calls" as const);
        const finish = { type: "finish" as const, finishReason: { unified, raw: undefined }, usage: USAGE };
        return { stream: simulateReadableStream({ chunks: [...chunks, finish] }) };
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
