import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

export interface Json {
  readonly [field: string]: unknown;
}

/** Serves JSON-RPC by POST to pages of any origin: what is below a made-up MCP server of 2026-07-28. */
export abstract class PageServer {
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));

  /** The result of a request; `undefined` if the server does not know the method. */
  protected abstract result(method: string, params: Json): object | undefined;

  /** Whether the request is answered with 401. */
  protected refuses(_request: IncomingMessage): boolean {
    return false;
  }

  protected async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/mcp`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const name of ["origin", "headers", "methods"])
      response.setHeader(`access-control-allow-${name}`, "*");
    response.setHeader("access-control-max-age", "600");
    if (request.method === "OPTIONS") return void response.writeHead(204).end();
    if (request.method !== "POST") return void response.writeHead(405).end();
    if (this.refuses(request)) return void response.writeHead(401).end();
    let body = "";
    for await (const part of request) body += part;
    const { id, method, params = {} } = JSON.parse(body) as { id?: number; method: string; params?: Json };
    const result = this.result(method, params);
    const reply = result
      ? { jsonrpc: "2.0", id, result }
      : { jsonrpc: "2.0", id, error: { code: -32601, message: `No ${method}` } };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(reply));
  }
}
