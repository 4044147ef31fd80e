import OpenAI from "openai";

export * from "./agents.ts";

const completed = {
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1,
  model: "stand-in",
  choices: [
    { index: 0, finish_reason: "stop", message: { role: "assistant", content: "Done", refusal: null } },
  ],
};

/** The official client, whose API says one word. */
export const openai = new OpenAI({
  apiKey: "a-key",
  fetch: async (url) =>
    Response.json(
      String(url).endsWith("/responses") ? { id: "resp_1", object: "response", output: [] } : completed,
    ),
});
export const model = "stand-in";
export const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: "Get the paper" }];
export const input: OpenAI.Responses.ResponseInputItem[] = [{ role: "user", content: "Get the paper" }];
const json = '{ "doi": "10.1000/1" }';
export const response = {
  output: [{ type: "function_call", call_id: "call_1", name: "acquire_paper", arguments: json }],
} as const;
export const completion = {
  choices: [
    {
      message: {
        tool_calls: [
          { type: "function", id: "call_1", function: { name: "acquire_paper", arguments: json } },
        ],
      },
    },
  ],
} as const;
