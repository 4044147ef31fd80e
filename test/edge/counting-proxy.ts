import { createServer, request, type Server } from "node:http";

/** Passes requests on to a server, and counts the JSON-RPC methods among them. */
export class CountingProxy {
  readonly #server: Server;
  readonly #counts: Map<string, number> = new Map();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async before(target: string): Promise<CountingProxy> {
    const { port } = new URL(target);
    const server = createServer();
    const proxy = new CountingProxy(server);
    server.on("request", (incoming, outgoing) => {
      const { method, url, headers } = incoming;
      const onward = request({ host: "127.0.0.1", port, method, path: url, headers }, (reply) => {
        outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(outgoing);
      });
      // Who went away is not answered; the other side must not wait for them either.
      outgoing.on("close", () => onward.destroy());
      onward.on("error", () => outgoing.destroy());
      let body = "";
      incoming.on("data", (chunk: Buffer) => {
        body += chunk;
        onward.write(chunk);
      });
      incoming.on("end", () => {
        const named = /"method":"([^"]+)"/.exec(body)?.[1];
        if (named) proxy.#counts.set(named, proxy.count(named) + 1);
        onward.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/mcp`;
  }

  count(method: string): number {
    return this.#counts.get(method) ?? 0;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
