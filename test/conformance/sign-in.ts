import { auth, type OAuthClientProvider } from "@modelcontextprotocol/client";
import type { Fetch } from "../../src/channel/http.ts";

type Given<Method extends keyof OAuthClientProvider> = Parameters<
  Extract<OAuthClientProvider[Method], (...given: never) => unknown>
>[0];
type Client = Awaited<ReturnType<OAuthClientProvider["clientInformation"]>>;
type Tokens = Awaited<ReturnType<OAuthClientProvider["tokens"]>>;

/** Where the app's client document would be. The suite expects this address; nothing is served there. */
const CLIENT_DOCUMENT = "https://conformance-test.local/client-metadata.json";

/** What the suite says of a scenario to its client. */
export interface Briefing {
  readonly scenario?: string | undefined;
  /** JSON. */
  readonly context?: string | undefined;
}

/** Requests an authorization page, and returns where it redirects the person to, or null if it does not. */
export type OpenPage = (page: URL) => Promise<string | null>;

/**
 * The sign-in of an app with a window of its own for it: the person agrees at once, and the tokens are there when
 * `redirectToAuthorization` resolves. It keeps everything in memory.
 */
export class SignIn implements OAuthClientProvider {
  readonly redirectUrl = "http://localhost:3000/callback";
  readonly clientMetadata: OAuthClientProvider["clientMetadata"] = {
    client_name: "holdfast-conformance",
    redirect_uris: [this.redirectUrl],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
  };
  readonly clientMetadataUrl?: string;
  readonly #server: string;
  readonly #fetch: Fetch;
  readonly #openPage: OpenPage;
  #client: Client;
  #tokens: Tokens;
  #verifier = "";
  #state = "";
  #authorizationServer: Given<"saveDiscoveryState"> | undefined;

  constructor(server: string, fetch: Fetch, openPage: OpenPage, { scenario, context }: Briefing) {
    this.#server = server;
    this.#fetch = fetch;
    this.#openPage = openPage;
    // A client that was registered by hand, at one authorization server.
    const { client_id, client_secret, issuer } = JSON.parse(context ?? "{}");
    if (client_id !== undefined) this.#client = { client_id, client_secret, issuer };
    // Elsewhere the client registers itself, so that the suite sees its metadata.
    if (scenario === "auth/basic-cimd") this.clientMetadataUrl = CLIENT_DOCUMENT;
  }

  state(): string {
    this.#state = crypto.randomUUID();
    return this.#state;
  }

  clientInformation(): Client {
    return this.#client;
  }

  saveClientInformation(client: Client): void {
    this.#client = client;
  }

  tokens(): Tokens {
    return this.#tokens;
  }

  saveTokens(tokens: Tokens): void {
    this.#tokens = tokens;
  }

  codeVerifier(): string {
    return this.#verifier;
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  discoveryState(): Given<"saveDiscoveryState"> | undefined {
    return this.#authorizationServer;
  }

  saveDiscoveryState(found: Given<"saveDiscoveryState">): void {
    this.#authorizationServer = found;
  }

  invalidateCredentials(scope: Given<"invalidateCredentials">): void {
    if (scope === "all" || scope === "client") this.#client = undefined;
    if (scope === "all" || scope === "tokens") this.#tokens = undefined;
    if (scope === "all" || scope === "discovery") this.#authorizationServer = undefined;
  }

  async redirectToAuthorization(page: URL): Promise<void> {
    const back = new URL((await this.#openPage(page)) ?? this.redirectUrl);
    const { code, state, iss } = Object.fromEntries(back.searchParams);
    if (code === undefined || state !== this.#state)
      throw new Error(`The authorization page led to ${back.origin}${back.pathname} without a code`);
    await auth(this, {
      serverUrl: this.#server,
      authorizationCode: code,
      fetchFn: this.#fetch,
      ...(iss !== undefined && { iss }),
    });
  }
}
