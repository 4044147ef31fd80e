import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A request that came to a listener, with its body. */
export interface ServedRequest {
  readonly method: string;
  /** Its path and query. */
  readonly url: string;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** The part of Node's `ServerResponse` that the servers of these tests use. */
export interface ServedResponse {
  /** The response has left, or its connection is gone. */
  readonly closed: boolean;
  /** `end()` was called. */
  readonly writableEnded: boolean;
  setHeader(name: string, value: string): unknown;
  writeHead(status: number, headers?: Readonly<Record<string, string>>): ServedResponse;
  flushHeaders(): void;
  write(text: string): unknown;
  end(text?: string): unknown;
  /** Ends the connection, whatever has left. */
  destroy(): unknown;
  on(event: "close", closed: () => void): unknown;
}

/** A server that listens. */
export interface Listener {
  readonly port: number;
  /** Cuts its connections too. */
  close(): Promise<void>;
}

/** Takes each request but those with which a browser asks whether a page may send one: every page may. */
export type Serve = (request: ServedRequest, response: ServedResponse) => void;

const CORS: Readonly<Record<string, string>> = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "*, authorization",
  "access-control-allow-methods": "*",
  "access-control-expose-headers": "*",
};

/**
 * Serves HTTP on 127.0.0.1. Where tests run outside of Node, `test/everywhere/remote-loopback.ts` stands in for this module.
 * @param port A free one if it is absent.
 */
export async function listen(serve: Serve, port = 0): Promise<Listener> {
  const server = createServer(async (incoming, response) => {
    for (const [name, value] of Object.entries(CORS)) response.setHeader(name, value);
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method = "GET", url = "/", headers } = incoming;
    if (method === "OPTIONS") return void response.writeHead(204).end();
    const single = Object.entries(headers).map(([name, value]) => [name, value && String(value)]);
    const body = Buffer.concat(chunks).toString();
    serve({ method, url, headers: Object.fromEntries(single), body }, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
