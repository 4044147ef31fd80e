import { hasTexts, isObject } from "../protocol/json.ts";
import type { ListedTool } from "../protocol/tool-facts.ts";

/** Whether a value from another process is a listed tool. */
export function isListedTool(tool: unknown): tool is ListedTool {
  return hasTexts(tool, "name") && isObject(tool.facts) && isObject(tool.definition);
}
