import type { LentTool } from "holdfast/durable-object";
import { id, store } from "./tasks.ts";

export * from "./tasks.ts";
export const url = "https://papers.example/mcp";
const record = await store.load(id);
/** A tool as an object has lent it. */
export const lent = { record, session: { protocolVersion: "2026-07-28" } } as unknown as LentTool;
