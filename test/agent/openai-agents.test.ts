import { Agent, type AgentInputItem, type Model, type ModelResponse, Runner, Usage } from "@openai/agents";
import { expect, it } from "vitest";
import type { AgentTool } from "../../src/agent/index.ts";
import { openAiAgentsNews, openAiAgentsTools } from "../../src/agent/openai-agents.ts";
import { outputTool } from "./output-tool.ts";
import { type Adapter, deliversOnce, next } from "./three-papers.ts";

type Input = string | AgentInputItem[];

/** A model stand-in that answers as the script says. */
function modelOf(respond: (input: Input) => ModelResponse["output"]): Model {
  return {
    getResponse: async ({ input }) => ({ usage: new Usage(), output: respond(input) }),
    getStreamedResponse: () => {
      throw new Error("Not streamed");
    },
  };
}

async function run(model: Model, tools: readonly AgentTool[], input: Input): Promise<AgentInputItem[]> {
  const agent = new Agent({ name: "reader", model, tools: openAiAgentsTools(tools) });
  const { history } = await new Runner({ tracingDisabled: true }).run(agent, input);
  return history;
}

const call = (name: string, args: object, callId: string): ModelResponse["output"][number] => ({
  type: "function_call",
  callId,
  name,
  arguments: JSON.stringify(args),
});

const text = (words: string): ModelResponse["output"][number] => ({
  type: "message",
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text: words }],
});

const adapter: Adapter = {
  withNews: (messages, news) => openAiAgentsNews(messages, news),
  async turn(messages, news, { tools }, answered) {
    const model = modelOf((input) => {
      const step = next(input);
      answered();
      return "text" in step
        ? [text(step.text)]
        : step.calls.map((doi) => call("acquire_paper", { doi }, doi));
    });
    return run(model, tools, openAiAgentsNews(messages as AgentInputItem[], news));
  },
};

deliversOnce("run of the OpenAI Agents SDK", adapter);

/** What the model has of one call of a tool. */
async function outputOf(tool: AgentTool, args: object = {}): Promise<unknown> {
  const model = modelOf((input) =>
    JSON.stringify(input).includes("function_call_result") ? [text("Done")] : [call(tool.name, args, "1")],
  );
  const items = await run(model, [tool], "Go");
  const result = items.find(({ type }) => type === "function_call_result");
  return (result as { readonly output?: unknown }).output;
}

it("the OpenAI Agents SDK hands text, media and failures to the model", async () => {
  expect(await outputOf(outputTool([{ type: "text", text: "Hi" }]))).toMatchObject({ text: "Hi" });
  const image = { type: "image", data: "aGk=", mimeType: "image/png" };
  expect(await outputOf(outputTool([{ type: "text", text: "Hi" }, image]))).toMatchObject([
    { type: "input_text", text: "Hi" },
    { type: "input_image", image: "data:image/png;base64,aGk=" },
  ]);
  const failed = outputTool([{ type: "text", text: "No" }], true);
  expect(await outputOf(failed)).toMatchObject({ text: "Error: No" });
});
