import type {
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
} from "@modelcontextprotocol/client";
import { addressesOf, giveBackHosts, originOf } from "../servers/hosts.ts";
import { type KnownServer, knownServers } from "../servers/known-servers.ts";
import { dropSecret, keepSecret, signInOf } from "../servers/secrets.ts";

/** Where a server says that one signs in. */
export interface SignInPlace {
  /** The authorization server. */
  readonly issuer: URL;
  readonly resourceMetadataUrl?: URL;
  readonly scope?: string;
}

/** Registered by the person, where an authorization server registers no clients by itself. */
export interface GivenClient {
  readonly clientId: string;
}

/** The person must enter the client id: the authorization server has no registration endpoint (RFC 7591). */
export class ClientWantedError extends Error {
  override readonly name = "ClientWantedError";
}

/** The extension may not access hosts that the sign-in needs. Only a click can ask for them. */
export class HostsWantedError extends Error {
  override readonly name = "HostsWantedError";
  readonly origins: readonly string[];

  constructor(origins: readonly string[]) {
    super(
      `The sign-in needs ${origins.map((origin) => new URL(origin.replace("*", "")).host).join(" and ")}, too.`,
    );
    this.origins = origins;
  }
}

/** How long the server and the authorization server may take to answer, in ms. */
const TIMEOUT_MS = 30_000;

/** The address that authorization servers send people back to: the browser gives it to the extension alone. */
export function redirectAddress(): string {
  return chrome.identity.getRedirectURL("oauth");
}

/** Asks a server where one signs in. Nothing is registered, and nothing is opened. */
export async function signInPlace(url: string): Promise<SignInPlace> {
  const { discoverOAuthProtectedResourceMetadata, extractWWWAuthenticateParams } = await import(
    "@modelcontextprotocol/client"
  );
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: {} });
  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  const challenge = await fetchFn(url, { method: "POST", headers, body });
  await challenge.body?.cancel();
  const { resourceMetadataUrl, scope } = extractWWWAuthenticateParams(challenge);
  const metadata = await discoverOAuthProtectedResourceMetadata(
    url,
    resourceMetadataUrl ? { resourceMetadataUrl } : {},
    fetchFn,
  )
    // A server of before RFC 9728 is its own authorization server.
    .catch(() => undefined);
  return {
    issuer: new URL(metadata?.authorization_servers?.[0] ?? "/", url),
    ...(resourceMetadataUrl && { resourceMetadataUrl }),
    ...(scope !== undefined && { scope }),
  };
}

/**
 * Signs in by the authorization code grant with PKCE, in a window that the browser opens and closes. The tokens are kept where
 * the worker reads them. Throws a ClientWantedError or a HostsWantedError where a person must do something first, and an Error
 * that can be shown if the sign-in did not succeed.
 */
export async function signIn(server: KnownServer, place: SignInPlace, given?: GivenClient): Promise<void> {
  const { auth } = await import("@modelcontextprotocol/client");
  const state = crypto.randomUUID();
  let address: URL | undefined;
  let verifier = "";
  let client: StoredOAuthClientInformation | undefined = given && { client_id: given.clientId };
  let found: OAuthDiscoveryState | undefined;
  let isKept = false;
  const provider: OAuthClientProvider = {
    redirectUrl: redirectAddress(),
    clientMetadata: {
      client_name: "Holdfast extension",
      redirect_uris: [redirectAddress()],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    },
    state: () => state,
    async clientInformation() {
      await requireHosts(found);
      if (!client && found?.authorizationServerMetadata?.registration_endpoint === undefined)
        throw new ClientWantedError("The authorization server registers no clients by itself.");
      return client;
    },
    saveClientInformation(information) {
      client = information;
    },
    tokens: () => undefined,
    async saveTokens({ access_token, refresh_token }) {
      // The person may have removed the server while signing in.
      if (!(await knownServers()).some(({ url }) => url === server.url)) return;
      const { authorizationServerMetadata, resourceMetadata } = found ?? {};
      const metadata: Readonly<Record<string, unknown>> = authorizationServerMetadata ?? {};
      const { client_id: clientId = "", client_secret: clientSecret } = client ?? {};
      const { token_endpoint_auth_method: method } = (client ?? {}) as Readonly<Record<string, unknown>>;
      const { token_endpoint: tokenEndpoint, revocation_endpoint: revocationEndpoint } = metadata;
      await keepSecret(
        server.url,
        {
          clientId,
          issuer: place.issuer.href,
          ...(clientSecret !== undefined && { clientSecret, isBasic: method !== "client_secret_post" }),
          tokenEndpoint:
            typeof tokenEndpoint === "string" ? tokenEndpoint : new URL("/token", place.issuer).href,
          ...(typeof revocationEndpoint === "string" && { revocationEndpoint }),
          ...(resourceMetadata?.resource !== undefined && { resource: resourceMetadata.resource }),
          accessToken: access_token,
          ...(refresh_token !== undefined && { refreshToken: refresh_token }),
        },
        server.keeping,
      );
      isKept = true;
    },
    redirectToAuthorization(to) {
      address = to;
    },
    saveCodeVerifier(code) {
      verifier = code;
    },
    codeVerifier: () => verifier,
    saveDiscoveryState(discovered) {
      found = discovered;
    },
    discoveryState: () => found,
  };
  const { resourceMetadataUrl, scope } = place;
  const options = { serverUrl: server.url, fetchFn, ...(resourceMetadataUrl && { resourceMetadataUrl }) };
  await auth(provider, { ...options, ...(scope !== undefined && { scope }) });
  if (!address) throw new Error("The authorization server named no page to sign in at.");
  const answer = await answerOf(address, state);
  await auth(provider, { ...options, ...answer });
  if (!isKept) throw new Error("The authorization server gave no token.");
}

/** Deletes the tokens of a server, and has the authorization server revoke them, if it can (RFC 7009). */
export async function signOut(server: KnownServer): Promise<void> {
  const signIn = await signInOf(server).catch(() => undefined);
  await dropSecret(server.url);
  if (signIn?.revocationEndpoint !== undefined) {
    const { clientId, refreshToken, accessToken, revocationEndpoint } = signIn;
    const body = new URLSearchParams({ client_id: clientId, token: refreshToken ?? accessToken });
    // Where it fails the tokens expire by themselves; here they are gone.
    await fetchFn(revocationEndpoint, { method: "POST", body }).catch(() => undefined);
  }
  await giveBackHosts(addressesOf(signIn));
}

/** Opens the page to sign in at, and waits until it has sent the person back. */
async function answerOf(address: URL, state: string): Promise<{ authorizationCode: string; iss?: string }> {
  const back = await chrome.identity
    .launchWebAuthFlow({ url: address.href, interactive: true })
    .catch((error: unknown) => {
      throw new Error(`The sign-in was not finished: ${error instanceof Error ? error.message : error}`);
    });
  const query = new URL(back ?? redirectAddress()).searchParams;
  if (query.get("state") !== state)
    throw new Error("The answer belongs to another sign-in, so it was not used.");
  const [code, iss, refusal] = ["code", "iss", "error"].map((name) => query.get(name));
  if (!code) throw new Error(`The sign-in did not succeed: the server says ${refusal ?? "nothing"}.`);
  return { authorizationCode: code, ...(iss && { iss }) };
}

/** An authorization server may have its endpoints at other hosts than its own. */
async function requireHosts(found: OAuthDiscoveryState | undefined): Promise<void> {
  const { token_endpoint, registration_endpoint } = found?.authorizationServerMetadata ?? {};
  const endpoints = [token_endpoint, registration_endpoint].filter((endpoint) => endpoint !== undefined);
  const origins = [...new Set(endpoints.map((endpoint) => originOf(endpoint)))];
  const missing: string[] = [];
  for (const origin of origins) {
    if (!(await chrome.permissions.contains({ origins: [origin] }))) missing.push(origin);
  }
  if (missing.length > 0) throw new HostsWantedError(missing);
}

/** Without the cookies of the person's own pages. */
function fetchFn(url: string | URL, init?: RequestInit): Promise<Response> {
  return fetch(url, { ...init, credentials: "omit", signal: AbortSignal.timeout(TIMEOUT_MS) });
}
