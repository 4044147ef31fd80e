import { expect } from "vitest";
import type { SnippetRun } from "./snippet-runs.ts";

/** The papers of the sample servers are made up, but the same every time. */
const ACQUIRED = /Acquired ".+" \(10\.1038\/s41586-020-2649-2\)/;

const CLIENT = `
import { TaskClient } from "holdfast";
import { memoryStore } from "holdfast/memory";
import { fromUrl } from "holdfast/http";

const tasks = new TaskClient({ store: memoryStore(), endpoints: { papers: fromUrl("https://papers.example/mcp") } });
const args = { doi: "10.1038/s41586-020-2649-2", stage_ms: 20 };
const json = JSON.stringify(args);
`;

/** The block of the document that all others go on from. */
const CONVERSATION = `
import { agentTools } from "holdfast/agent";
import { Conversation } from "holdfast/agent/conversation";

const conversation = new Conversation(tasks, { id: "chat-7" });
const tools = await agentTools(tasks, { conversation, callBudgetMs: 0 });
`;

/** Where an app stores its messages. */
const stored = (type: string): string => `
let stored: ${type}[] = [];
const load = async () => stored;
const save = async (messages: ${type}[]) => {
  stored = messages;
};
`;

/** A turn that starts the task, and one that delivers its end. The model repeats the last message that it is sent. */
const turns = (prompt: string, said = "JSON.stringify(stored.at(-1))"): string => `
await turn(${prompt});
const said = async () => ${said};
while (!(await said()).includes("has ended")) {
  await new Promise((resolve) => setTimeout(resolve, 20));
  await turn();
}
console.log(await said());
await tasks.close();
`;

function run(before: string, after: string): SnippetRun {
  return {
    kind: "process",
    before: CLIENT + before,
    after,
    see: (output) => expect(output.replaceAll("\\", "")).toMatch(ACQUIRED),
  };
}

/** The turns of docs/agent-frameworks.md, each with the framework itself and a stand-in for a model. */
export const FRAMEWORK_RUNS: Readonly<Record<string, SnippetRun>> = {
  "docs/agent-frameworks.md, Agent frameworks, 1": {
    kind: "process",
    before: CLIENT,
    after: `
console.log(conversation.id, tools.some(({ name }) => name === "acquire_paper"));
await tasks.close();
`,
    see: (output) => expect(output.trim()).toBe("chat-7 true"),
  },
  "docs/agent-frameworks.md, OpenAI Agents SDK, 1": run(
    `${CONVERSATION}${stored("AgentInputItem")}
import { type Model, setTracingDisabled, Usage } from "@openai/agents";
setTracingDisabled(true);
const model: Model = {
  getResponse: async ({ input }) => ({
    usage: new Usage(),
    output:
      input.length === 1
        ? [{ type: "function_call", callId: "1", name: "acquire_paper", arguments: json }]
        : [
            {
              type: "message",
              role: "assistant",
              status: "completed",
              content: [{ type: "output_text", text: JSON.stringify(input.at(-1)) }],
            },
          ],
  }),
  getStreamedResponse: () => {
    throw new Error("Not streamed");
  },
};
`,
    turns('{ role: "user", content: "Get the paper" }'),
  ),
  "docs/agent-frameworks.md, LangGraph, 1": run(
    `${CONVERSATION}
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, HumanMessage } from "@langchain/core/messages";
class Model extends BaseChatModel {
  _llmType() {
    return "stand-in";
  }
  override bindTools() {
    return this;
  }
  async _generate(messages: BaseMessage[]) {
    const message =
      messages.length === 1
        ? new AIMessage({ content: "", tool_calls: [{ type: "tool_call", id: "1", name: "acquire_paper", args }] })
        : new AIMessage(JSON.stringify(messages.at(-1)));
    return { generations: [{ message, text: "" }] };
  }
}
const model = new Model({});
`,
    turns(
      'new HumanMessage("Get the paper")',
      "JSON.stringify((await agent.getState(thread)).values.messages.at(-1))",
    ),
  ),
  "docs/agent-frameworks.md, Mastra, 1": run(
    `${CONVERSATION}${stored("MessageInput")}
import type { MastraModelConfig } from "@mastra/core/llm";
import { MockLanguageModelV4 } from "ai/test";
const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
};
const model = new MockLanguageModelV4({
  doGenerate: async ({ prompt }) =>
    prompt.at(-1)?.role === "user" && !JSON.stringify(prompt).includes("has ended")
      ? { content: [{ type: "tool-call", toolCallId: "1", toolName: "acquire_paper", input: json }], finishReason: { unified: "tool-calls", raw: undefined }, usage, warnings: [] }
      : { content: [{ type: "text", text: JSON.stringify(prompt.at(-1)) }], finishReason: { unified: "stop", raw: undefined }, usage, warnings: [] },
}) as object as MastraModelConfig;
`,
    `${turns('{ role: "user", content: "Get the paper" }')}
process.exit();
`,
  ),
  "docs/agent-frameworks.md, TanStack AI, 1": run(
    `${CONVERSATION}${stored("UIMessage")}
import { type AdapterYieldChunk, EventType, type ModelMessage } from "@tanstack/ai";
import { BaseTextAdapter } from "@tanstack/ai/adapters";
class StandIn extends BaseTextAdapter<"m", Record<string, never>, ["text"], never> {
  readonly name = "stand-in";
  async *chatStream({ messages }: { readonly messages: ModelMessage[] }): AsyncGenerator<AdapterYieldChunk> {
    const ids = { runId: "r", threadId: "t" };
    const calls = messages.length === 1;
    yield { type: EventType.RUN_STARTED, ...ids };
    if (calls) {
      yield { type: EventType.TOOL_CALL_START, toolCallId: "1", toolCallName: "acquire_paper" };
      yield { type: EventType.TOOL_CALL_ARGS, toolCallId: "1", delta: json };
      yield { type: EventType.TOOL_CALL_END, toolCallId: "1" };
    } else {
      const messageId = "m" + messages.length;
      yield { type: EventType.TEXT_MESSAGE_START, messageId, role: "assistant" };
      yield { type: EventType.TEXT_MESSAGE_CONTENT, messageId, delta: JSON.stringify(messages.at(-1)) };
      yield { type: EventType.TEXT_MESSAGE_END, messageId };
    }
    yield { type: EventType.RUN_FINISHED, ...ids, finishReason: calls ? "tool_calls" : "stop" };
  }
  structuredOutput(): Promise<never> {
    return Promise.reject(new Error("Not asked for"));
  }
}
const adapter = new StandIn({}, "m");
`,
    turns('{ id: "u1", role: "user", parts: [{ type: "text", content: "Get the paper" }] }'),
  ),
};
