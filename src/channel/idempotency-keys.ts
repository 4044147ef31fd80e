import { IDEMPOTENCY_KEY } from "../protocol/meta-keys.ts";
import type { Connector } from "./connection.ts";

/**
 * Sends an idempotency key in `_meta` with each `tools/call`, for a server that does the work of a key once. A call has one key,
 * which is durable before the call is sent, and the same in every attempt of every process: a call whose reply is lost is made
 * again, also a plain one after a reload. Only for servers that take such keys: at any other the work would be done again.
 * @param name The key of `_meta` that the server reads, such as `com.example/idempotency-key`.
 * @example
 * const bank = withIdempotencyKeys(fromUrl("https://bank.example/mcp"));
 * const tasks = new TaskClient({ store, endpoints: { bank } });
 */
export function withIdempotencyKeys(connector: Connector, name: string = IDEMPOTENCY_KEY): Connector {
  return {
    ...connector,
    connect: (events, remembered, limits) => connector.connect(events, remembered, limits),
    idempotencyKey: name,
  };
}
