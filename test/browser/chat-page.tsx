import { Chat, useChat } from "@ai-sdk/react";
import { DefaultChatTransport, lastAssistantMessageIsCompleteWithToolCalls, type UIMessage } from "ai";
import { useEffect } from "react";
import { createRoot } from "react-dom/client";
import { aiSdkChatTurn, isAiSdkChatNews } from "../../src/agent/ai-sdk-chat.ts";
import { Conversation } from "../../src/agent/conversation.ts";
import { agentTools, callByName } from "../../src/agent/index.ts";
import { fromUrl } from "../../src/channel/sdk-v2.ts";
import { TaskClient } from "../../src/index.ts";
import type { ToolResult } from "../../src/protocol/tool-result.ts";
import { indexedDbStore } from "../../src/store/indexeddb.ts";

/** A page with a chat whose tools run in the page, as an app has it: `?server=…&callBudgetMs=…&leaseMs=…`. */
const options = new URLSearchParams(location.search);
const STORED = "chat-1";

/** Each message is stored by its id: another tab may have stored some that this one has not seen. */
function load(): UIMessage[] {
  return JSON.parse(localStorage.getItem(STORED) ?? "[]") as UIMessage[];
}

function save(messages: readonly UIMessage[]): void {
  const stored = load();
  for (const message of messages) {
    const index = stored.findIndex(({ id }) => id === message.id);
    if (index < 0) stored.push(message);
    else stored[index] = message;
  }
  localStorage.setItem(STORED, JSON.stringify(stored));
}

const client = new TaskClient({
  store: indexedDbStore("chat"),
  endpoints: { papers: fromUrl(String(options.get("server"))) },
});
const conversation = new Conversation(client, { id: "chat-1", leaseMs: Number(options.get("leaseMs")) });
const tools = await agentTools(client, {
  conversation,
  callBudgetMs: Number(options.get("callBudgetMs")),
});

/** Exported so that a bundler keeps the module: the package has no side effects. */
export const chat = new Chat<UIMessage>({
  id: STORED,
  messages: load(),
  transport: new DefaultChatTransport({ api: "/api/chat", body: { tools } }),
  sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithToolCalls,
  onToolCall: ({ toolCall: { toolName, toolCallId, input } }) => {
    // Not awaited: the chat would wait for it before it takes the output.
    void callByName(tools, toolName, input).then((output) =>
      chat.addToolOutput({ tool: toolName, toolCallId, output }),
    );
  },
  onFinish: ({ messages }) => save(messages),
});
const turn = aiSdkChatTurn(conversation, chat, { load, save });

function textOf(output: unknown): string {
  const { content } = output as ToolResult;
  return content.map(({ text }) => String(text)).join(" ");
}

function Page() {
  const { messages, status, sendMessage } = useChat({ chat });
  useEffect(() => {
    if (status !== "ready") return;
    save(messages);
    void conversation.stored(messages);
  }, [status, messages]);
  useEffect(() => (status === "ready" ? conversation.watch(() => void turn()) : undefined), [status]);
  useEffect(() => {
    const changed = (): void => {
      if (chat.status === "ready") chat.messages = load();
    };
    addEventListener("storage", changed);
    return () => removeEventListener("storage", changed);
  }, []);
  return (
    <main data-status={status}>
      {messages
        .filter((message) => !isAiSdkChatNews(message))
        .map(({ id, role, parts }) => (
          <article key={id} data-role={role}>
            {parts.map((part, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: parts have no ids, and keep their order.
              <p key={index} data-type={part.type}>
                {part.type === "text" ? part.text : ""}
                {"output" in part && part.output ? textOf(part.output) : ""}
              </p>
            ))}
          </article>
        ))}
      <button type="button" onClick={() => void sendMessage({ text: "Get the paper 10.1/kelp" })}>
        Send
      </button>
    </main>
  );
}

const root = document.querySelector("#root");
if (root) createRoot(root).render(<Page />);
client.subscribe(({ view }) => {
  document.documentElement.dataset.task = view.status;
});
await client.resume();
