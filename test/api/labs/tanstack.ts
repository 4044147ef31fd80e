import { chat } from "@tanstack/ai";

export * from "./agents.ts";
export { chat };

type Options = Parameters<typeof chat>[0];
export const adapter = {} as Options["adapter"];
export const messages: { role: "user"; content: string }[] = [{ role: "user", content: "Get the paper" }];
