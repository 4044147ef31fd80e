import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One request that a {@link BreakingProxy} passes on. */
export interface Passing {
  readonly http: string;
  /** The JSON-RPC method, if the body names one. */
  readonly method: string | undefined;
  readonly lastEventId: string | undefined;
  readonly sessionId: string | undefined;
  /** The `x-tab` header of a page that sets it. */
  readonly tab: string | undefined;
  /** Cuts the connection to the client. The server sees that the client is gone. */
  cut(): void;
  /** Whether the client's connection is open. */
  readonly open: boolean;
}

/** A proxy on loopback that passes everything on until a test breaks it. */
export class BreakingProxy {
  readonly passed: Passing[] = [];
  /** Every request is cut before it reaches the server. */
  down = false;
  /** Called when a chunk of a response came, before it is passed on. Returns whether to pass it on. */
  onChunk: (passing: Passing, chunk: string) => boolean = () => true;
  readonly #server: Server;

  private constructor(target: URL) {
    this.#server = createServer((incoming, outgoing) => void this.#pass(target, incoming, outgoing));
  }

  static async before(target: string | URL): Promise<BreakingProxy> {
    const proxy = new BreakingProxy(new URL(target));
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/mcp`;
  }

  /** How many requests of a JSON-RPC method reached the server. */
  count(method: string): number {
    return this.passed.filter((passing) => passing.method === method).length;
  }

  /** The GETs that resume a response stream. */
  get resumptions(): readonly Passing[] {
    return this.passed.filter(({ lastEventId }) => lastEventId !== undefined);
  }

  cutAll(): void {
    for (const passing of this.passed) passing.cut();
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #pass(target: URL, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { socket, headers } = incoming;
    if (this.down) return void socket.destroy();
    const body = Buffer.concat(chunks);
    const header = (name: string): string | undefined => headers[name] as string | undefined;
    const passing: Passing = {
      http: incoming.method ?? "",
      method: /"method":"([^"]+)"/.exec(body.toString())?.[1],
      lastEventId: header("last-event-id"),
      sessionId: header("mcp-session-id"),
      tab: header("x-tab"),
      cut: () => void (outgoing.writableEnded || socket.destroy()),
      get open() {
        return !outgoing.closed;
      },
    };
    this.passed.push(passing);
    const { hostname, port, pathname } = target;
    const onward = request(
      { hostname, port, path: pathname, method: passing.http, headers: { ...headers, host: target.host } },
      (reply) => {
        outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
        outgoing.flushHeaders();
        reply.on("data", (chunk: Buffer) => {
          if (this.onChunk(passing, chunk.toString()) && !outgoing.closed) outgoing.write(chunk);
        });
        reply.on("end", () => outgoing.end());
        reply.on("error", () => socket.destroy());
      },
    );
    outgoing.on("close", () => onward.destroy());
    onward.on("error", () => socket.destroy());
    onward.end(body);
  }
}
