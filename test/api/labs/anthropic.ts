import Anthropic from "@anthropic-ai/sdk";

export * from "./agents.ts";

const answer = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "stand-in",
  content: [{ type: "text", text: "Done" }],
  stop_reason: "end_turn",
  usage: { input_tokens: 1, output_tokens: 1 },
};

/** The official client, whose API says one word. */
export const anthropic = new Anthropic({ apiKey: "a-key", fetch: async () => Response.json(answer) });
export const model = "stand-in";
export const messages: Anthropic.Beta.BetaMessageParam[] & Anthropic.MessageParam[] = [
  { role: "user", content: "Get the paper" },
];
export const reply = {
  content: [{ type: "tool_use", id: "toolu_1", name: "acquire_paper", input: { doi: "10.1000/1" } }],
} as const;
