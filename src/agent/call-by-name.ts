import { isObject, type JsonObject } from "../protocol/json.ts";
import type { ToolResult } from "../protocol/tool-result.ts";
import type { AgentTool, ExecuteOptions } from "./agent-tool.ts";
import { errorResult } from "./failure-result.ts";
import { noTool, notAnObject } from "./messages.ts";
import { quoted } from "./quoting.ts";

/**
 * Makes a call for a model. An unknown tool and invalid arguments become error results that the model can correct.
 * @param args An object, or its JSON text.
 * @example
 * const { content, isError } = await callByName(tools, "acquire_paper", '{ "doi": "10.1000/1" }');
 */
export async function callByName(
  tools: readonly AgentTool[],
  name: string,
  args: unknown,
  options: ExecuteOptions = {},
): Promise<ToolResult> {
  options.signal?.throwIfAborted();
  const tool = tools.find((candidate) => candidate.name === name);
  if (!tool) {
    const names = tools.map((candidate) => candidate.name).join(", ");
    return refused(noTool(quoted(name, 64), names));
  }
  const read = typeof args === "string" ? readArguments(args) : args;
  if (!isObject(read)) {
    return refused(notAnObject(name));
  }
  return tool.execute(read, options);
}

/** Arguments as a model wrote them; no text at all is an empty object. */
export function readArguments(json: string): JsonObject | undefined {
  if (json.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function refused(text: string): ToolResult {
  return errorResult(text, { status: "failed", retry: "changed", workDone: "none" });
}
