import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

const CLIENT = `Basic ${Buffer.from("edge:secret").toString("base64")}`;

/** An MCP 2026-07-28 server behind OAuth (client credentials), with its authorization server at the same address. */
export class ProtectedServer {
  readonly #server: Server;
  /** Each token that was given out. */
  readonly tokens: string[] = [];
  /** The tokens tools/call came with. */
  readonly calls: string[] = [];
  /** Tokens that are no longer taken. */
  readonly revoked: Set<string> = new Set();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<ProtectedServer> {
    const server = createServer();
    const started = new ProtectedServer(server);
    server.on("request", (request, reply) => void started.#answer(request, reply));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return started;
  }

  get origin(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const { origin } = this;
    const path = new URL(request.url ?? "/", origin).pathname;
    if (path.startsWith("/.well-known/oauth-protected-resource")) {
      return send(reply, { resource: `${origin}/mcp`, authorization_servers: [origin] });
    }
    if (path.startsWith("/.well-known/")) {
      return send(reply, {
        issuer: origin,
        token_endpoint: `${origin}/token`,
        authorization_endpoint: `${origin}/authorize`,
        response_types_supported: ["code"],
        grant_types_supported: ["client_credentials"],
        token_endpoint_auth_methods_supported: ["client_secret_basic"],
      });
    }
    const body = await read(request);
    if (path === "/token") {
      const known = request.headers.authorization === CLIENT;
      if (!known || !body.includes("client_credentials"))
        return send(reply, { error: "invalid_client" }, 401);
      const token = `token-${this.tokens.length + 1}`;
      this.tokens.push(token);
      return send(reply, { access_token: token, token_type: "Bearer", expires_in: 3600 });
    }
    const token = request.headers.authorization?.replace("Bearer ", "") ?? "";
    if (!this.tokens.includes(token) || this.revoked.has(token)) {
      reply.setHeader(
        "www-authenticate",
        `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource"`,
      );
      return send(reply, { error: "invalid_token" }, 401);
    }
    const { id, method } = JSON.parse(body) as { id: number; method: string };
    if (method === "tools/call") this.calls.push(token);
    send(reply, { jsonrpc: "2.0", id, result: RESULTS[method] ?? {} });
  }
}

const RESULTS: Readonly<Record<string, object>> = {
  "server/discover": {
    resultType: "complete",
    supportedVersions: ["2026-07-28"],
    capabilities: { tools: {} },
    serverInfo: { name: "protected", version: "1.0.0" },
    ttlMs: 0,
    cacheScope: "private",
  },
  "tools/list": {
    resultType: "complete",
    tools: [{ name: "whoami", inputSchema: { type: "object" } }],
    ttlMs: 0,
    cacheScope: "private",
  },
  "tools/call": { resultType: "complete", content: [{ type: "text", text: "You are edge" }] },
};

async function read(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += chunk;
  return body;
}

function send(reply: ServerResponse, body: object, status = 200): void {
  reply.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
