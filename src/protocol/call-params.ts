import { defined, type JsonObject } from "./json.ts";
import type { ToolCall } from "./task-protocol.ts";

/** The parameters that a `tools/call` has in every generation. */
export function callParams({ name, arguments: args, progressToken }: ToolCall): JsonObject {
  const _meta = progressToken === undefined ? undefined : { progressToken };
  return defined({ name, arguments: args, _meta });
}
