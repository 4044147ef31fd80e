import type { OAuthClientProvider, OAuthDiscoveryState } from "@modelcontextprotocol/client";
import type { CredentialFile } from "./credentials.ts";
import { type LoopbackRedirect, redirectUrl } from "./loopback-redirect.ts";

type Stored<T> = T extends (...args: never[]) => infer R ? Awaited<R> : never;
type ClientInformation = Stored<OAuthClientProvider["clientInformation"]>;
type Tokens = Stored<OAuthClientProvider["tokens"]>;

/** The OAuth client of one server as the SDK asks for it: registration and tokens lie in a file. */
export class OAuthClient implements OAuthClientProvider {
  /** Open while the user may be asked to sign in; without it tokens are only refreshed. */
  redirect: LoopbackRedirect | undefined;
  readonly #file: CredentialFile;
  readonly #open: (url: URL) => void;
  #verifier = "";
  #discovered: OAuthDiscoveryState | undefined;

  /** @param open Shows the user a sign-in page. */
  constructor(file: CredentialFile, open: (url: URL) => void) {
    this.#file = file;
    this.#open = open;
  }

  get redirectUrl(): string {
    return redirectUrl(this.redirect?.port ?? this.#file.read().port ?? 0);
  }

  get clientMetadata(): OAuthClientProvider["clientMetadata"] {
    return {
      client_name: "Holdfast",
      redirect_uris: [this.redirectUrl],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      application_type: "native",
    };
  }

  state(): string {
    return this.redirect?.state ?? "";
  }

  clientInformation(): ClientInformation {
    const { client, port } = this.#file.read();
    const fits = this.redirect === undefined || this.redirect.port === port;
    return fits ? (client as unknown as ClientInformation) : undefined;
  }

  saveClientInformation(client: NonNullable<ClientInformation>): void {
    this.#file.update({ client: { ...client }, ...(this.redirect && { port: this.redirect.port }) });
  }

  tokens(): Tokens {
    return this.#file.read().tokens as unknown as Tokens;
  }

  saveTokens(tokens: NonNullable<Tokens>): void {
    this.#file.update({ tokens: { ...tokens }, failedAt: undefined });
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    return this.#verifier;
  }

  redirectToAuthorization(url: URL): void {
    this.#open(url);
  }

  /** The code is redeemed at the authorization server that the sign-in began with. */
  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#discovered;
  }

  saveDiscoveryState(state: OAuthDiscoveryState | undefined): void {
    this.#discovered = state;
  }

  invalidateCredentials(scope: "all" | "client" | "tokens" | "verifier" | "discovery"): void {
    if (scope === "all" || scope === "client") this.#file.update({ client: undefined, tokens: undefined });
    if (scope === "tokens") this.#file.update({ tokens: undefined });
    if (scope === "verifier") this.#verifier = "";
    if (scope === "all" || scope === "discovery") this.#discovered = undefined;
  }
}
