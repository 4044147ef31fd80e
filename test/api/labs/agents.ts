import { agentTools, callByName } from "holdfast/agent";
import { Conversation } from "holdfast/agent/conversation";
import { client } from "./tasks.ts";

export * from "./tasks.ts";
export const tools = await agentTools(client);
export const conversation = new Conversation(client, { id: "chat-7" });
export { agentTools, callByName };
export const prompt = "Get the paper";
