import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A remote 2025-11-25 server behind OAuth (authorization code with PKCE, dynamic registration), with its authorization server. */
export class SigningServer {
  readonly tokens: Set<string> = new Set();
  readonly registrations: { redirect_uris: string[] }[] = [];
  refreshes = 0;
  /** Refresh tokens that were sent a second time. */
  reuses = 0;
  /** How long an access token is taken, in ms. */
  lifeMs = 3_600_000;
  /** Answers a request beyond those that every server has. */
  answers: (method: string, params: Readonly<Record<string, unknown>>, token: string) => object | undefined =
    () => undefined;
  /** Requests that were answered with 401. */
  refusals = 0;
  /** Its authorization server, if that is to have another address. */
  issuer: string | undefined;
  /** Whether it registers clients by itself (RFC 7591). */
  registers = true;
  /** Whether the user refuses on the sign-in page. */
  refuses = false;
  /** The tokens it was asked to revoke (RFC 7009), in order. */
  readonly revoked: string[] = [];
  /** Sign-in pages that were opened. */
  pages = 0;
  readonly #refreshTokens: Set<string> = new Set();
  readonly #usedRefreshTokens: Set<string> = new Set();
  /** When each access token expires, in ms since 1970. */
  readonly #expiries: Map<string, number> = new Map();
  readonly #codes: Map<string, string> = new Map();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer(
      (request, reply) => void this.#serve(request, reply).catch(() => reply.destroy()),
    );
  }

  static async start(): Promise<SigningServer> {
    const started = new SigningServer();
    await new Promise<void>((resolve) => started.#server.listen(0, "127.0.0.1", resolve));
    return started;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** No token of it is taken any more, and none is renewed. */
  endGrants(): void {
    this.tokens.clear();
    this.#refreshTokens.clear();
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #serve(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const { origin } = this;
    const url = new URL(request.url ?? "/", origin);
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const json = (value: object, status = 200): void => {
      reply.writeHead(status, { "content-type": "application/json" });
      reply.end(JSON.stringify(value));
    };
    if (url.pathname.startsWith("/.well-known/oauth-protected-resource"))
      return json({ resource: `${origin}/mcp`, authorization_servers: [this.issuer ?? origin] });
    if (url.pathname.startsWith("/.well-known/"))
      return json({
        issuer: origin,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        ...(this.registers && { registration_endpoint: `${origin}/register` }),
        revocation_endpoint: `${origin}/revoke`,
        response_types_supported: ["code"],
        grant_types_supported: ["authorization_code", "refresh_token"],
        code_challenge_methods_supported: ["S256"],
        token_endpoint_auth_methods_supported: ["none"],
      });
    if (url.pathname === "/revoke") {
      const token = new URLSearchParams(body).get("token") ?? "";
      this.revoked.push(token);
      this.tokens.delete(token);
      this.#refreshTokens.delete(token);
      return void reply.writeHead(200).end();
    }
    if (url.pathname === "/register") {
      const asked = JSON.parse(body) as { redirect_uris: string[] };
      this.registrations.push(asked);
      return json({ ...asked, client_id: randomUUID() }, 201);
    }
    if (url.pathname === "/authorize") {
      const code = randomUUID();
      this.#codes.set(code, url.searchParams.get("code_challenge") ?? "");
      this.pages++;
      const back = new URL(url.searchParams.get("redirect_uri") ?? "");
      const [name, value] = this.refuses ? ["error", "access_denied"] : ["code", code];
      back.searchParams.set(name, value);
      back.searchParams.set("state", url.searchParams.get("state") ?? "");
      return void reply.writeHead(302, { location: back.href }).end();
    }
    if (url.pathname === "/token") {
      const form = new URLSearchParams(body);
      if (form.get("grant_type") === "refresh_token") {
        this.refreshes++;
        // Each is good for one use; a second one ends the grant (RFC 9700, 4.14.2).
        const sent = form.get("refresh_token") ?? "";
        if (this.#usedRefreshTokens.has(sent)) this.reuses++;
        this.#usedRefreshTokens.add(sent);
        if (!this.#refreshTokens.delete(sent)) {
          this.#refreshTokens.clear();
          return json({ error: "invalid_grant" }, 400);
        }
      } else if (!this.#codes.delete(form.get("code") ?? "")) return json({ error: "invalid_grant" }, 400);
      const token = randomUUID();
      this.tokens.add(token);
      this.#expiries.set(token, Date.now() + this.lifeMs);
      const refreshToken = randomUUID();
      this.#refreshTokens.add(refreshToken);
      return json({
        access_token: token,
        token_type: "Bearer",
        expires_in: this.lifeMs / 1_000,
        refresh_token: refreshToken,
      });
    }
    const token = request.headers.authorization?.replace("Bearer ", "") ?? "";
    if (!this.tokens.has(token) || Date.now() > (this.#expiries.get(token) ?? 0)) {
      this.refusals++;
      reply.setHeader(
        "www-authenticate",
        `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource"`,
      );
      return json({ error: "invalid_token" }, 401);
    }
    if (request.method !== "POST") return void reply.writeHead(405).end();
    const {
      id,
      method,
      params = {},
    } = JSON.parse(body) as {
      id?: number;
      method: string;
      params?: Record<string, unknown>;
    };
    if (id === undefined) return void reply.writeHead(202).end();
    const results: Readonly<Record<string, object>> = {
      initialize: {
        protocolVersion: "2025-11-25",
        serverInfo: { name: "signed", version: "1" },
        capabilities: { tools: {} },
      },
      "tools/list": { tools: [{ name: "whoami", inputSchema: { type: "object" } }] },
      "tools/call": { content: [{ type: "text", text: "Ada" }] },
    };
    json({ jsonrpc: "2.0", id, result: this.answers(method, params, token) ?? results[method] ?? {} });
  }
}
