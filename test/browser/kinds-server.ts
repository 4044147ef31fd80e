import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

interface Json {
  readonly [field: string]: unknown;
}

export interface FixtureTool {
  readonly definition: Json & { readonly name: string };
  /** Gives the whole `result` of a `tools/call`. */
  run(args: Json, params: Json): Json;
}

/** An MCP server of 2026-07-28 that gives whatever a test wants, as any server out there might. */
export class KindsServer {
  readonly #server: Server;
  readonly #tools: readonly FixtureTool[];
  /** What a request must bring in `x-key`, if anything. */
  readonly #key: string | undefined;
  /** The arguments of the calls it got. */
  readonly calls: { readonly tool: string; readonly args: Json; readonly params: Json }[] = [];
  refused = 0;
  /** What `resources/read` returns for an address. */
  readonly resources: Map<string, Json> = new Map();
  /** The addresses of the resources that were asked for. */
  readonly reads: string[] = [];

  private constructor(tools: readonly FixtureTool[], key: string | undefined) {
    this.#tools = tools;
    this.#key = key;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(tools: readonly FixtureTool[], key?: string): Promise<KindsServer> {
    const made = new KindsServer(tools, key);
    await new Promise<void>((resolve) => made.#server.listen(0, "127.0.0.1", resolve));
    return made;
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
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-allow-headers", "*");
    response.setHeader("access-control-allow-methods", "*");
    if (request.method === "OPTIONS") return void response.writeHead(204).end();
    if (request.method !== "POST") return void response.writeHead(405).end();
    if (this.#key !== undefined && request.headers["x-key"] !== this.#key) {
      this.refused++;
      return void response.writeHead(401).end();
    }
    let body = "";
    for await (const part of request) body += part;
    const { id, method, params = {} } = JSON.parse(body) as { id?: number; method: string; params?: Json };
    const result = this.#result(method, params);
    const reply = result
      ? { jsonrpc: "2.0", id, result }
      : { jsonrpc: "2.0", id, error: { code: -32601, message: `No ${method}` } };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(reply));
  }

  #result(method: string, params: Json): Json | undefined {
    switch (method) {
      case "server/discover":
        return {
          supportedVersions: ["2026-07-28"],
          capabilities: { tools: {} },
          _meta: { "io.modelcontextprotocol/serverInfo": { name: "kinds", version: "1.0.0" } },
        };
      case "tools/list":
        return { tools: this.#tools.map(({ definition }) => definition) };
      case "tools/call": {
        const tool = this.#tools.find(({ definition }) => definition.name === params.name);
        const args = (params.arguments ?? {}) as Json;
        this.calls.push({ tool: String(params.name), args, params });
        return tool?.run(args, params);
      }
      case "resources/read":
        this.reads.push(String(params.uri));
        return this.resources.get(String(params.uri));
      default:
        return undefined;
    }
  }
}
