import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import {
  AIMessage,
  type BaseMessage,
  coerceMessageLikeToMessage,
  HumanMessage,
  mapChatMessagesToStoredMessages,
  mapStoredMessagesToChatMessages,
  type StoredMessage,
  ToolMessage,
} from "@langchain/core/messages";
import type { ChatResult } from "@langchain/core/outputs";
import { tool } from "@langchain/core/tools";
import { MemorySaver } from "@langchain/langgraph";
import { createReactAgent } from "@langchain/langgraph/prebuilt";
import { expect, it } from "vitest";
import type { AgentTool } from "../../src/agent/index.ts";
import { langChainNews, langChainTools } from "../../src/agent/langchain.ts";
import { outputTool } from "./output-tool.ts";
import { noProcess, slowPapers } from "./slow-papers.ts";
import { type Adapter, DOIS, deliversOnce, laterProcess, next } from "./three-papers.ts";

type Respond = (messages: readonly BaseMessage[]) => AIMessage;

/** A model stand-in that answers as the script says. */
class ScriptedModel extends BaseChatModel {
  readonly #respond: Respond;

  constructor(respond: Respond) {
    super({});
    this.#respond = respond;
  }

  _llmType(): string {
    return "scripted";
  }

  override bindTools(): this {
    return this;
  }

  async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    const message = this.#respond(messages);
    return { generations: [{ message, text: String(message.content) }] };
  }
}

const scripted = (answered: () => void): ScriptedModel =>
  new ScriptedModel((messages) => {
    const step = next(messages);
    answered();
    return "text" in step
      ? new AIMessage(step.text)
      : new AIMessage({
          content: "",
          tool_calls: step.calls.map((doi) => ({
            type: "tool_call",
            id: doi,
            name: "acquire_paper",
            args: { doi },
          })),
        });
  });

/** Messages as an app stores them, and the first, which is plain. */
function loaded(stored: readonly object[]): BaseMessage[] {
  return stored.flatMap((message) =>
    "data" in message
      ? mapStoredMessagesToChatMessages([message as StoredMessage])
      : coerceMessageLikeToMessage(message as { role: "user"; content: string }),
  );
}

const coerced = (messages: readonly object[]): BaseMessage[] =>
  messages.map((message) => coerceMessageLikeToMessage(message as BaseMessage));

const adapter: Adapter = {
  withNews: (stored, news) => {
    const messages = loaded(stored);
    const all = langChainNews(messages, news);
    return all.length === messages.length ? stored : mapChatMessagesToStoredMessages(coerced(all));
  },
  async turn(stored, news, { tools }, answered) {
    const agent = createReactAgent({ llm: scripted(answered), tools: langChainTools(tool, tools) });
    const { messages } = await agent.invoke({ messages: coerced(langChainNews(loaded(stored), news)) });
    return mapChatMessagesToStoredMessages(messages);
  },
};

deliversOnce("an agent of LangGraph", adapter);

it("LangGraph: a thread of a checkpointer has each end once, though the process died before the model answered", async () => {
  const checkpointer = new MemorySaver();
  const thread = { configurable: { thread_id: "chat-1" } };
  const agentOf = (tools: readonly AgentTool[], answered: () => void) =>
    createReactAgent({ llm: scripted(answered), tools: langChainTools(tool, tools), checkpointer });
  const messagesOf = async (agent: ReturnType<typeof agentOf>): Promise<BaseMessage[]> =>
    ((await agent.getState(thread)).values as { readonly messages?: BaseMessage[] }).messages ?? [];

  const left = noProcess();
  const asking = await slowPapers(left, "chat-1");
  await agentOf(asking.tools, () => undefined).invoke({ messages: [new HumanMessage("Go")] }, thread);
  await asking.client.close();

  const dying = await laterProcess(left);
  const dead = agentOf(dying.tools, () => {
    throw new Error("The process died");
  });
  const before = await messagesOf(dead);
  const added = langChainNews(before, await dying.conversation.news()).slice(before.length);
  expect(added).toHaveLength(1);
  await expect(dead.invoke({ messages: coerced(added) }, thread)).rejects.toThrow("The process died");
  await dying.client.close();

  await left.clock.sleep(300_000);
  const after = await laterProcess(left);
  const agent = agentOf(after.tools, () => undefined);
  const stored = await messagesOf(agent);
  const news = await after.conversation.news();
  expect(news.ended).toHaveLength(3);
  expect(langChainNews(stored, news), "the thread has the news").toHaveLength(stored.length);
  const { messages } = await agent.invoke({ messages: [] }, thread);
  expect(messages.at(-1)?.content).toBe(`I have ${DOIS.join(", ")}.`);
  await news.acknowledge();
  await after.close();
});

/** What the model has of one call of a tool. */
async function outputOf(called: AgentTool): Promise<ToolMessage> {
  const llm = new ScriptedModel((messages) =>
    messages.some((message) => ToolMessage.isInstance(message))
      ? new AIMessage("Done")
      : new AIMessage({
          content: "",
          tool_calls: [{ type: "tool_call", id: "1", name: "output", args: {} }],
        }),
  );
  const agent = createReactAgent({ llm, tools: langChainTools(tool, [called]) });
  const { messages } = await agent.invoke({ messages: [new HumanMessage("Go")] });
  const message = messages.find((candidate) => ToolMessage.isInstance(candidate));
  if (!message) throw new Error("No tool was called");
  return message;
}

it("LangGraph hands text and failures to the model, and keeps the whole result as the artifact", async () => {
  const image = { type: "image", data: "aGk=", mimeType: "image/png" };
  const message = await outputOf(outputTool([{ type: "text", text: "Hi" }, image]));
  expect(message.content).toBe("Hi\n\n[image/png, 4 characters of base64]");
  expect(message.artifact).toEqual({ content: [{ type: "text", text: "Hi" }, image] });
  expect((await outputOf(outputTool([{ type: "text", text: "No" }], true))).content).toBe("Error: No");
});
