import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** An MCP server of 2026-07-28 whose tasks never end: each says something new at each poll, and wants the next in a second. */
export class StepServer {
  readonly #server: Server;
  /** How often a task was asked for. */
  polls = 0;

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<StepServer> {
    const made = new StepServer();
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
    for (const name of ["origin", "headers", "methods"])
      response.setHeader(`access-control-allow-${name}`, "*");
    response.setHeader("access-control-max-age", "600");
    if (request.method === "OPTIONS") return void response.writeHead(204).end();
    if (request.method !== "POST") return void response.writeHead(405).end();
    let body = "";
    for await (const part of request) body += part;
    const { id, method, params } = JSON.parse(body) as {
      readonly id?: number;
      readonly method: string;
      readonly params?: { readonly taskId?: string };
    };
    const result = this.#result(method, params?.taskId);
    const reply = result
      ? { jsonrpc: "2.0", id, result }
      : { jsonrpc: "2.0", id, error: { code: -32601, message: `No ${method}` } };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(reply));
  }

  #result(method: string, taskId: string | undefined): object | undefined {
    switch (method) {
      case "server/discover":
        return {
          supportedVersions: ["2026-07-28"],
          capabilities: { tools: {}, extensions: { "io.modelcontextprotocol/tasks": {} } },
          _meta: { "io.modelcontextprotocol/serverInfo": { name: "steps", version: "1.0.0" } },
        };
      case "tools/list":
        return { tools: [{ name: "acquire_paper", inputSchema: { type: "object" } }] };
      case "tasks/get": {
        const now = new Date().toISOString();
        return {
          resultType: "complete",
          taskId,
          status: "working",
          statusMessage: `Step ${++this.polls}`,
          createdAt: now,
          lastUpdatedAt: now,
          ttlMs: null,
          pollIntervalMs: 1_000,
        };
      }
      default:
        return undefined;
    }
  }
}
