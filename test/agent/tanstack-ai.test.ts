import { type AdapterYieldChunk, chat, EventType, type ModelMessage, maxIterations } from "@tanstack/ai";
import { BaseTextAdapter } from "@tanstack/ai/adapters";
import { expect, it } from "vitest";
import type { AgentTool } from "../../src/agent/index.ts";
import { tanStackNews, tanStackTools } from "../../src/agent/tanstack-ai.ts";
import { outputTool } from "./output-tool.ts";
import { type Adapter, deliversOnce, next } from "./three-papers.ts";

type Step = { readonly text: string } | { readonly tool: string; readonly inputs: readonly object[] };
type Respond = (messages: readonly ModelMessage[]) => Step;

/** A model stand-in that answers as the script says. It notes what it is sent. */
class ScriptedAdapter extends BaseTextAdapter<"m", Record<string, never>, ["text", "image"], never> {
  readonly name = "scripted";
  /** The messages of the last request, and the model's answer. */
  transcript: readonly ModelMessage[] = [];
  readonly #respond: Respond;

  constructor(respond: Respond) {
    super({}, "m");
    this.#respond = respond;
  }

  async *chatStream({ messages }: { readonly messages: ModelMessage[] }): AsyncGenerator<AdapterYieldChunk> {
    const step = this.#respond(messages);
    const ids = { runId: "r", threadId: "t" };
    yield { type: EventType.RUN_STARTED, ...ids };
    if ("text" in step) {
      yield { type: EventType.TEXT_MESSAGE_START, messageId: "m", role: "assistant" };
      yield { type: EventType.TEXT_MESSAGE_CONTENT, messageId: "m", delta: step.text };
      yield { type: EventType.TEXT_MESSAGE_END, messageId: "m" };
      this.transcript = [...messages, { role: "assistant", content: step.text }];
    } else {
      for (const [index, input] of step.inputs.entries()) {
        const toolCallId = `call-${index}`;
        yield { type: EventType.TOOL_CALL_START, toolCallId, toolCallName: step.tool };
        yield { type: EventType.TOOL_CALL_ARGS, toolCallId, delta: JSON.stringify(input) };
        yield { type: EventType.TOOL_CALL_END, toolCallId };
      }
    }
    yield { type: EventType.RUN_FINISHED, ...ids, finishReason: "text" in step ? "stop" : "tool_calls" };
  }

  structuredOutput(): Promise<never> {
    return Promise.reject(new Error("Not asked for"));
  }
}

/** Returns all messages: those that the model was sent last, and its answer. */
async function run(
  respond: Respond,
  tools: readonly AgentTool[],
  messages: readonly object[],
): Promise<readonly ModelMessage[]> {
  const adapter = new ScriptedAdapter(respond);
  const stream = chat({
    adapter,
    messages: messages as ModelMessage[],
    tools: tanStackTools(tools),
    agentLoopStrategy: maxIterations(3),
  });
  for await (const chunk of stream) {
    if (chunk.type === EventType.RUN_ERROR) throw new Error(chunk.message);
  }
  return adapter.transcript;
}

const adapter: Adapter = {
  withNews: (messages, news) => tanStackNews(messages, news),
  turn(messages, news, { tools }, answered) {
    const respond: Respond = (sent) => {
      const step = next(sent);
      answered();
      return "text" in step ? step : { tool: "acquire_paper", inputs: step.calls.map((doi) => ({ doi })) };
    };
    return run(respond, tools, tanStackNews(messages, news));
  },
};

deliversOnce("chat of TanStack AI", adapter);

/** What the model has of one call of a tool. */
async function outputOf(tool: AgentTool): Promise<unknown> {
  const respond: Respond = (sent) =>
    sent.at(-1)?.role === "tool" ? { text: "Done" } : { tool: "output", inputs: [{}] };
  const messages = await run(respond, [tool], [{ role: "user", content: "Go" }]);
  return messages.find(({ role }) => role === "tool")?.content;
}

it("TanStack AI hands text, media and failures to the model", async () => {
  expect(await outputOf(outputTool([{ type: "text", text: "Hi" }]))).toBe("Hi");
  const image = { type: "image", data: "aGk=", mimeType: "image/png" };
  expect(await outputOf(outputTool([{ type: "text", text: "Hi" }, image]))).toEqual([
    { type: "text", content: "Hi" },
    { type: "image", source: { type: "data", value: "aGk=", mimeType: "image/png" } },
  ]);
  expect(await outputOf(outputTool([{ type: "text", text: "No" }], true))).toBe("Error: No");
});
