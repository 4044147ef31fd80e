/**
 * An agent in a process of its own, which a test kills: `node killed-agent.ts <database> <messages> <server> <until>`. It has one turn
 * of the conversation, prints `returned` when the model is sent what the call returned, `stored` when the messages are stored, and
 * `acknowledged` at the end. At the moment that is named it waits to be killed.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { generateText, type ModelMessage } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { aiSdkNews, aiSdkTools } from "../../src/agent/ai-sdk.ts";
import { Conversation } from "../../src/agent/conversation.ts";
import { agentTools } from "../../src/agent/index.ts";
import { fromUrl } from "../../src/channel/sdk-v2.ts";
import { TaskClient } from "../../src/index.ts";
import { sqliteStore } from "../../src/store/sqlite.ts";

const [database = "", file = "", server = "", until = ""] = process.argv.slice(2);

async function reached(moment: string): Promise<void> {
  process.stdout.write(`${moment}\n`);
  if (moment === until) await new Promise((resolve) => setTimeout(resolve, 600_000));
}

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
};
const model = new MockLanguageModelV4({
  doGenerate: async ({ prompt }) => {
    if (!JSON.stringify(prompt).includes("Acquired")) {
      const input = JSON.stringify({ doi: "10.1/kelp" });
      return {
        content: [{ type: "tool-call", toolCallId: "1", toolName: "acquire_paper", input }],
        finishReason: { unified: "tool-calls", raw: undefined },
        usage,
        warnings: [],
      };
    }
    await reached("returned");
    return {
      content: [{ type: "text", text: "I have it." }],
      finishReason: { unified: "stop", raw: undefined },
      usage,
      warnings: [],
    };
  },
});

const client = new TaskClient({
  store: sqliteStore(new DatabaseSync(database)),
  endpoints: { papers: fromUrl(server) },
});
const conversation = new Conversation(client, { id: "chat-1", leaseMs: 1_000 });
const tools = aiSdkTools(await agentTools(client, { conversation }));
const isFirst = (await client.resume()).length === 0 && (await client.list()).length === 0;
let news = await conversation.news();
// What the process before had in hand comes when its lease has ended.
while (!isFirst && news.size === 0) {
  await new Promise((resolve) => setTimeout(resolve, 50));
  news = await conversation.news();
}
const stored: ModelMessage[] = existsSync(file)
  ? JSON.parse(readFileSync(file, "utf8"))
  : [{ role: "user", content: "Get the paper" }];
const messages = aiSdkNews(stored, news) as ModelMessage[];
if (messages.at(-1)?.role === "user") {
  const { responseMessages } = await generateText({
    model,
    tools,
    messages,
    stopWhen: ({ steps }) => steps.length === 2,
  });
  messages.push(...responseMessages);
}
writeFileSync(file, JSON.stringify(messages));
await reached("stored");
await conversation.stored(messages);
await reached("acknowledged");
await client.close();
