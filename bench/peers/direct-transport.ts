import type { PlainServer, RpcMessage } from "../servers/plain-server.ts";

/**
 * An SDK transport, of either major, straight to a server in the same process. No HTTP, no check of what arrives: only JSON,
 * there and back. What is left of a poll's cost beyond it is the client's own.
 */
export class DirectTransport {
  onmessage: ((message: unknown) => void) | undefined;
  onclose: (() => void) | undefined;
  onerror: ((error: Error) => void) | undefined;
  readonly #server: PlainServer;

  constructor(server: PlainServer) {
    this.#server = server;
  }

  async start(): Promise<void> {
    this.#server.listen((message) => this.onmessage?.(message));
  }

  async send(message: object): Promise<void> {
    const sent = JSON.parse(JSON.stringify(message)) as RpcMessage;
    if (sent.id === undefined || sent.method === undefined) return;
    const reply = JSON.stringify(this.#server.reply(sent));
    queueMicrotask(() => this.onmessage?.(JSON.parse(reply)));
  }

  async close(): Promise<void> {
    this.onclose?.();
  }
}
