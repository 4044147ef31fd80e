import type { Client } from "@modelcontextprotocol/client";
import type { RawClientDispatch } from "@modelcontextprotocol/ext-tasks/client";

type Message = {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
};
type Receive = (message: Message, extra?: unknown) => void;

/**
 * What ext-tasks leaves to its host: requests that the v2 Client would refuse to decode, sent on its transport with ids of
 * their own. As little as will do, so that what is measured is ext-tasks.
 */
export function rawDispatch(client: Client): RawClientDispatch {
  const transport = client.transport;
  if (!transport) throw new Error("The Client is not connected");
  const waiting = new Map<string, { readonly answered: (message: Message) => void }>();
  const before = transport.onmessage as Receive | undefined;
  const receive: Receive = (message, extra) => {
    const waiter = waiting.get(String(message.id));
    if (!waiter) return before?.call(transport, message, extra);
    waiting.delete(String(message.id));
    waiter.answered(message);
  };
  transport.onmessage = receive as NonNullable<typeof transport.onmessage>;
  let count = 0;
  return async (request, options) => {
    const id = `raw-${++count}`;
    const { method, params } = request as { method: string; params?: Record<string, unknown> };
    const name = params?.taskId ?? params?.name;
    const reply = new Promise<Message>((answered) => waiting.set(id, { answered }));
    const headers = {
      "mcp-method": method,
      ...(typeof name === "string" && { "mcp-name": name }),
      ...options?.context?.headers,
    };
    await transport.send({ jsonrpc: "2.0", id, method, ...(params && { params }) }, { headers });
    const { result, error } = await reply;
    return error ? { kind: "error", error } : { kind: "result", result: result as never };
  };
}
