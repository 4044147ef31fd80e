import type { BareServer, Exchange } from "./bare-server.ts";

/** What an app keeps of its grant. Several tabs may share it. */
export interface TokenStorage {
  tokens: { access_token: string; token_type: string; refresh_token?: string; scope?: string } | undefined;
}

/**
 * Makes a server a protected resource with an authorization server at the same origin. It rotates refresh tokens, and
 * revokes the grant when one is used twice (RFC 9700, section 4.14.2).
 */
export class OAuthGrant {
  /** Refresh tokens as they were presented, in order. */
  readonly presented: (string | null)[] = [];
  revoked = false;
  /** The token endpoint answers 503. */
  down = false;
  /** A scope that tool calls need, and that the grant lacks. */
  lacks: string | undefined;
  /** Whom the metadata of the authorization server names as its issuer, if not itself. */
  issuer: string | undefined;
  /** Refreshes that wait until the test releases them. */
  readonly held: (() => void)[] = [];
  holds = false;
  readonly #server: BareServer;
  /** With how many requests the access token runs out, if it does. */
  expiresAfter: number | undefined;
  #count = 1;
  #valid = true;

  constructor(server: BareServer) {
    this.#server = server;
    server.intercept = (exchange) => this.#take(exchange);
  }

  get storage(): TokenStorage {
    return { tokens: { access_token: "a1", token_type: "Bearer", refresh_token: "r1" } };
  }

  /** The access token runs out. */
  expire(): void {
    this.#valid = false;
  }

  /** A person has signed in: a new grant. */
  signIn(storage: TokenStorage): void {
    this.revoked = false;
    storage.tokens = this.#issue();
  }

  #issue(): TokenStorage["tokens"] {
    this.#count++;
    this.#valid = true;
    const token = { access_token: `a${this.#count}`, token_type: "Bearer", refresh_token: `r${this.#count}` };
    return token;
  }

  #take({ http, response, body }: Exchange): boolean {
    const json = (value: unknown, status = 200): true => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
      return true;
    };
    const { origin } = this.#server;
    const path = http.url ?? "";
    if (path.startsWith("/.well-known/oauth-protected-resource"))
      return json({ resource: `${origin}/mcp`, authorization_servers: [origin] });
    if (path.startsWith("/.well-known/"))
      return json({
        issuer: this.issuer ?? origin,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        response_types_supported: ["code"],
        code_challenge_methods_supported: ["S256"],
        grant_types_supported: ["authorization_code", "refresh_token"],
        token_endpoint_auth_methods_supported: ["none"],
      });
    if (path === "/token") {
      if (this.down) return json({ error: "server_error" }, 503);
      const given = new URLSearchParams(body).get("refresh_token");
      this.presented.push(given);
      if (this.revoked || given !== `r${this.#count}`) {
        this.revoked = true;
        return json({ error: "invalid_grant" }, 400);
      }
      const tokens = this.#issue();
      if (this.holds) this.held.push(() => json(tokens));
      else json(tokens);
      return true;
    }
    const authorized =
      !this.revoked && this.#valid && http.headers.authorization === `Bearer a${this.#count}`;
    const metadata = `${origin}/.well-known/oauth-protected-resource/mcp`;
    if (authorized && this.lacks !== undefined && body.includes('"tools/call"')) {
      const challenge = `Bearer error="insufficient_scope", scope="${this.lacks}", resource_metadata="${metadata}"`;
      response.writeHead(403, { "www-authenticate": challenge }).end();
      return true;
    }
    if (authorized) {
      if (this.expiresAfter !== undefined && --this.expiresAfter === 0) this.#valid = false;
      return false;
    }
    response.writeHead(401, { "www-authenticate": `Bearer resource_metadata="${metadata}"` }).end();
    return true;
  }
}

/** A provider over such storage, which counts the sign-ins it is asked for. */
export function providerOf(storage: TokenStorage) {
  const provider = {
    /** What happens in the window in which a person signs in. */
    window: (): Promise<void> | void => undefined,
    invalidated: [] as string[],
    /** The scopes that each sign-in asked for. */
    asked: [] as (string | null)[],
    signIns: 0,
    verifiers: 0,
    redirectUrl: "http://localhost/callback",
    clientMetadata: { redirect_uris: ["http://localhost/callback"], client_name: "test" },
    clientInformation: () => ({ client_id: "test" }),
    tokens: () => storage.tokens,
    saveTokens: (tokens: NonNullable<TokenStorage["tokens"]>) => {
      storage.tokens = tokens;
    },
    redirectToAuthorization: (address: URL) => {
      provider.signIns++;
      provider.asked.push(address.searchParams.get("scope"));
      return provider.window();
    },
    saveCodeVerifier: () => {
      provider.verifiers++;
    },
    codeVerifier: () => "verifier",
    invalidateCredentials: (what: string) => {
      provider.invalidated.push(what);
      if (what === "all" || what === "tokens") storage.tokens = undefined;
    },
  };
  return provider;
}
