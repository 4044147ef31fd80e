import type { UIMessage } from "ai";

export * from "./agents.ts";
export { chat, load, save } from "./ai-sdk.ts";
export const messages: UIMessage[] = [
  { id: "1", role: "user", parts: [{ type: "text", text: "Get the paper" }] },
];
