import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** An MCP server behind an authorization server of its own, which lets everyone in at once. */
export class SigningServer {
  readonly #server: Server;
  readonly #challenges = new Map<string, string>();
  /** What was granted, in order. */
  readonly tokens: string[] = [];
  /** Requests that came with a token that was granted. */
  admitted = 0;

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<SigningServer> {
    const made = new SigningServer();
    await new Promise<void>((resolve) => made.#server.listen(0, "127.0.0.1", resolve));
    return made;
  }

  get origin(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-allow-headers", "*, authorization");
    response.setHeader("access-control-expose-headers", "www-authenticate");
    if (request.method === "OPTIONS") return void response.writeHead(204).end();
    const url = new URL(request.url ?? "/", this.origin);
    let body = "";
    for await (const part of request) body += part;
    const json = (status: number, value: object): void =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    if (url.pathname.startsWith("/.well-known/oauth-protected-resource"))
      return json(200, { resource: `${this.origin}/mcp`, authorization_servers: [this.origin] });
    if (url.pathname.startsWith("/.well-known/oauth-authorization-server"))
      return json(200, {
        issuer: this.origin,
        authorization_endpoint: `${this.origin}/authorize`,
        token_endpoint: `${this.origin}/token`,
        registration_endpoint: `${this.origin}/register`,
        response_types_supported: ["code"],
        code_challenge_methods_supported: ["S256"],
        token_endpoint_auth_methods_supported: ["none"],
      });
    switch (url.pathname) {
      case "/register":
        return json(201, { ...(JSON.parse(body) as object), client_id: "console" });
      case "/authorize":
        return this.#authorize(url, response);
      case "/token":
        return this.#grant(new URLSearchParams(body), json);
      case "/mcp":
        return this.#speak(request, body, response, json);
      default:
        return json(404, {});
    }
  }

  #authorize(url: URL, response: ServerResponse): void {
    const code = `code-${this.#challenges.size + 1}`;
    this.#challenges.set(code, url.searchParams.get("code_challenge") ?? "");
    const back = new URL(url.searchParams.get("redirect_uri") ?? "");
    back.searchParams.set("code", code);
    back.searchParams.set("state", url.searchParams.get("state") ?? "");
    response.writeHead(302, { location: back.href }).end();
  }

  #grant(form: URLSearchParams, json: (status: number, value: object) => void): void {
    const code = form.get("code") ?? "";
    const proof = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    if (this.#challenges.get(code) !== proof) return json(400, { error: "invalid_grant" });
    this.#challenges.delete(code);
    this.tokens.push(`token-${this.tokens.length + 1}`);
    json(200, { access_token: this.tokens.at(-1), token_type: "Bearer", expires_in: 3600 });
  }

  #speak(
    request: IncomingMessage,
    body: string,
    response: ServerResponse,
    json: (status: number, value: object) => void,
  ): void {
    const token = request.headers.authorization?.replace("Bearer ", "");
    if (token === undefined || !this.tokens.includes(token)) {
      const metadata = `${this.origin}/.well-known/oauth-protected-resource/mcp`;
      response.setHeader("www-authenticate", `Bearer resource_metadata="${metadata}"`);
      return json(401, {});
    }
    this.admitted++;
    const { id, method } = JSON.parse(body || "{}") as { id?: number; method?: string };
    const results: Readonly<Record<string, object>> = {
      "server/discover": { supportedVersions: ["2026-07-28"], capabilities: { tools: {} } },
      "tools/list": { tools: [{ name: "whoami", inputSchema: { type: "object" } }] },
      "tools/call": { content: [{ type: "text", text: "You are signed in" }] },
    };
    const result = results[method ?? ""];
    json(
      200,
      result ? { jsonrpc: "2.0", id, result } : { jsonrpc: "2.0", id, error: { code: -32601, message: "?" } },
    );
  }
}
