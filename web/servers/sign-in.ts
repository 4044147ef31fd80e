import type { OAuthClientProvider } from "@modelcontextprotocol/client";
import { Followed } from "../../ui/app/followed.ts";
import { goTo } from "../../ui/app/route.ts";

type Tokens = Parameters<OAuthClientProvider["saveTokens"]>[0];
type ClientInformation = Parameters<NonNullable<OAuthClientProvider["saveClientInformation"]>>[0];

/** Servers that wait for a person to sign in, and the address where that is done. */
export const signIns = new Followed<ReadonlyMap<string, URL>>(new Map());

const providers = new Map<string, SignIn>();

/** The one provider of a server: the transport asks it for tokens. */
export function signInOf(server: string): SignIn {
  const known = providers.get(server) ?? new SignIn(server);
  providers.set(server, known);
  return known;
}

/**
 * OAuth for a page. Tokens stay in sessionStorage: they are this tab's alone, and gone with it.
 * A poll that is refused must not carry the page off to another site: the address is only offered.
 */
class SignIn implements OAuthClientProvider {
  readonly #server: string;
  readonly redirectUrl: string = `${location.origin}${location.pathname}`;

  constructor(server: string) {
    this.#server = server;
  }

  get clientMetadata(): OAuthClientProvider["clientMetadata"] {
    return {
      client_name: "Holdfast console",
      redirect_uris: [this.redirectUrl],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    };
  }

  get signedIn(): boolean {
    return this.tokens() !== undefined;
  }

  /** Cannot be guessed: a redirect that carries it was started by this tab, for this server. */
  state(): string {
    const state = crypto.randomUUID();
    sessionStorage.setItem(stateKey(state), this.#server);
    return state;
  }

  clientInformation(): ClientInformation | undefined {
    return this.#read<ClientInformation>("client");
  }

  saveClientInformation(information: ClientInformation): void {
    this.#write("client", information);
  }

  tokens(): Tokens | undefined {
    return this.#read<Tokens>("tokens");
  }

  saveTokens(tokens: Tokens): void {
    this.#write("tokens", tokens);
    const left = new Map(signIns.get());
    left.delete(this.#server);
    signIns.set(left);
  }

  redirectToAuthorization(address: URL): void {
    signIns.set(new Map(signIns.get()).set(this.#server, address));
  }

  saveCodeVerifier(verifier: string): void {
    this.#write("verifier", verifier);
  }

  codeVerifier(): string {
    return this.#read<string>("verifier") ?? "";
  }

  invalidateCredentials(scope: "all" | "client" | "tokens" | "verifier" | "discovery"): void {
    for (const part of ["client", "tokens", "verifier"]) {
      if (scope === "all" || scope === part) sessionStorage.removeItem(this.#key(part));
    }
  }

  #key(part: string): string {
    return `holdfast-oauth ${part} ${this.#server}`;
  }

  #read<T>(part: string): T | undefined {
    try {
      return (JSON.parse(sessionStorage.getItem(this.#key(part)) ?? "null") as T | null) ?? undefined;
    } catch {
      return undefined;
    }
  }

  #write(part: string, value: unknown): void {
    sessionStorage.setItem(this.#key(part), JSON.stringify(value));
  }
}

const stateKey = (state: string): string => `holdfast-oauth state ${state}`;

/** The page was sent back from an authorization server: trades the code for tokens. */
export async function finishSignIn(): Promise<void> {
  const query = new URLSearchParams(location.search);
  const state = query.get("state");
  const server = state === null ? null : sessionStorage.getItem(stateKey(state));
  if (state === null) return;
  const [code, iss, refusal] = ["code", "iss", "error"].map((name) => query.get(name));
  // A code is used once, and one of a sign-in that this tab did not begin not at all: no reload may try it.
  sessionStorage.removeItem(stateKey(state));
  for (const name of ANSWER) query.delete(name);
  const rest = query.size > 0 ? `?${query}` : "";
  history.replaceState(null, "", `${location.pathname}${rest}${location.hash}`);
  if (server === null) return;
  goTo("servers", server);
  if (!code)
    throw new Error(
      `The sign-in to ${server} did not succeed (${refusal ?? "no code"}). Try again under Servers.`,
    );
  const { auth } = await import("@modelcontextprotocol/client");
  await auth(signInOf(server), { serverUrl: server, authorizationCode: code, ...(iss && { iss }) });
}

/** What an authorization server adds to the address it sends back to. */
const ANSWER = ["code", "state", "iss", "error", "error_description", "error_uri", "session_state", "scope"];
