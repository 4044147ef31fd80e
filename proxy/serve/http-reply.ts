import type { ServerResponse } from "node:http";
import type { RpcResponse } from "../../src/protocol/json-rpc.ts";

/**
 * The reply to one POST of Streamable HTTP: JSON, or a stream of events once something has to be said before the response
 * (2025-11-25 transports, "Sending Messages to the Server").
 */
export class HttpReply {
  readonly #response: ServerResponse | undefined;
  readonly #taken: ((message: RpcResponse) => void) | undefined;

  constructor(response: ServerResponse | undefined, taken?: (message: RpcResponse) => void) {
    this.#response = response;
    this.#taken = taken;
  }

  /** A reply that several requests wait for. It receives a message without result and error if the response is lost. */
  static to(taken: (message: RpcResponse) => void): HttpReply {
    return new HttpReply(undefined, taken);
  }

  /** Calls back if the client goes away before the reply has ended. */
  onGone(gone: () => void): void {
    this.#response?.once("close", () => {
      if (!this.#response?.writableFinished) gone();
    });
  }

  /** Replies without a message. */
  status(status: number, headers: Readonly<Record<string, string>> = {}): void {
    this.#taken?.({ jsonrpc: "2.0" });
    this.#response?.writeHead(status, { "content-length": "0", ...headers }).end();
  }

  /** Sends a message before the response. */
  write(message: object): void {
    if (!this.#response) return;
    if (!this.#response.headersSent)
      this.#response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    this.#response.write(`data: ${JSON.stringify(message)}\n\n`);
  }

  /** Sends the response. */
  end(message: RpcResponse, headers: Readonly<Record<string, string>> = {}): void {
    this.#taken?.(message);
    if (this.#response?.headersSent) {
      this.write(message);
      this.#response.end();
    } else
      this.#response
        ?.writeHead(200, { "content-type": "application/json", ...headers })
        .end(JSON.stringify(message));
  }

  /** Breaks the connection: what became of the request cannot be known. */
  abort(): void {
    this.#taken?.({ jsonrpc: "2.0" });
    this.#response?.destroy();
  }
}
