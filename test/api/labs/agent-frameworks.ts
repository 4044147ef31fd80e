import { type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { Agent, type AgentInputItem, type Model, run, setTracingDisabled, Usage } from "@openai/agents";

export { tool } from "@langchain/core/tools";
export * from "./agents.ts";
export { Agent, run };

export const chatModel = new FakeListChatModel({ responses: ["Done"] });
export const messages: BaseMessage[] = [new HumanMessage("Get the paper")];

setTracingDisabled(true);
const model: Model = {
  getResponse: async () => ({
    usage: new Usage(),
    output: [
      {
        type: "message",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: "Done" }],
      },
    ],
  }),
  getStreamedResponse: () => {
    throw new Error("Not streamed");
  },
};
export const agent = new Agent({ name: "Librarian", model });
export const items: AgentInputItem[] = [{ role: "user", content: "Get the paper" }];
