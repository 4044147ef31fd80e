import { randomBytes } from "node:crypto";
import type { OAuthClientProvider } from "@modelcontextprotocol/client";
import type { Log } from "../log.ts";
import { openInBrowser } from "./browser.ts";
import type { CredentialFile } from "./credentials.ts";
import { freePort, redirected, redirectUrl } from "./loopback-redirect.ts";

/** After a sign-in that came to nothing the browser is not opened again for so long, in ms: polls go on meanwhile. */
const PAUSE_MS = 600_000;

type Stored<T> = T extends (...args: never[]) => infer R ? Awaited<R> : never;
type ClientInformation = Stored<OAuthClientProvider["clientInformation"]>;
type Tokens = Stored<OAuthClientProvider["tokens"]>;

/** OAuth for one server, as the SDK's transport asks for it: the user signs in with the browser of this computer. */
export class SignIn implements OAuthClientProvider {
  readonly #file: CredentialFile;
  readonly #log: Log;
  readonly #name: string;
  readonly #port: number;
  readonly #state: string = randomBytes(24).toString("base64url");
  #verifier = "";
  #coming: Promise<URLSearchParams> | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;

  private constructor(file: CredentialFile, name: string, log: Log, port: number) {
    this.#file = file;
    this.#name = name;
    this.#log = log;
    this.#port = port;
  }

  /** Uses the port that the server knows from before, where there is one. */
  static async for(file: CredentialFile, name: string, log: Log): Promise<SignIn> {
    const { port } = file.read();
    return new SignIn(file, name, log, port ?? (await freePort()));
  }

  /** The parameters with which the browser comes back, while somebody signs in. */
  get coming(): Promise<URLSearchParams> | undefined {
    return this.#coming;
  }

  get redirectUrl(): string {
    return redirectUrl(this.#port);
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
    return this.#state;
  }

  clientInformation(): ClientInformation {
    const { client, port } = this.#file.read();
    // A registration holds for its port.
    return port === this.#port ? (client as unknown as ClientInformation) : undefined;
  }

  saveClientInformation(client: NonNullable<ClientInformation>): void {
    this.#file.update({ client: { ...client }, port: this.#port });
  }

  tokens(): Tokens {
    return this.#file.read().tokens as unknown as Tokens;
  }

  saveTokens(tokens: NonNullable<Tokens>): void {
    this.#file.update({ tokens: { ...tokens } });
  }

  saveCodeVerifier(verifier: string): void {
    // The browser comes back with the code of the first one.
    if (!this.#coming) this.#verifier = verifier;
  }

  codeVerifier(): string {
    return this.#verifier;
  }

  async redirectToAuthorization(url: URL): Promise<void> {
    if (this.#coming) return;
    if (Date.now() - this.#failedAt < PAUSE_MS)
      throw new Error("The sign-in was not completed: start the agent again to sign in");
    this.#coming = redirected(this.#port, this.#state);
    this.#coming.then(
      () => undefined,
      () => {
        this.#failedAt = Date.now();
        this.#coming = undefined;
      },
    );
    this.#log.info(
      `${this.#name} wants you to sign in: ${url.origin}${url.pathname} is opened in your browser`,
    );
    openInBrowser(url);
  }

  /** The code has been redeemed. */
  completed(): void {
    this.#coming = undefined;
  }

  invalidateCredentials(scope: "all" | "client" | "tokens" | "verifier" | "discovery"): void {
    if (scope === "all" || scope === "client") this.#file.update({ client: undefined, tokens: undefined });
    if (scope === "tokens") this.#file.update({ tokens: undefined });
    if (scope === "verifier") this.#verifier = "";
  }
}
