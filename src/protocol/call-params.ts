import { defined, type JsonObject } from "./json.ts";
import type { ToolCall } from "./task-protocol.ts";

/** The parameters that a `tools/call` has in every generation. */
export function callParams({ name, arguments: args, progressToken, idempotency }: ToolCall): JsonObject {
  const _meta = defined({ ...(idempotency && { [idempotency.name]: idempotency.value }), progressToken });
  return defined({ name, arguments: args, _meta: Object.keys(_meta).length > 0 ? _meta : undefined });
}
