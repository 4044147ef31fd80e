import {
  auth,
  type OAuthClientInformationMixed,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  OAuthError,
  type OAuthTokens,
  refreshAuthorization,
} from "@modelcontextprotocol/client";
import { consentSecretOf } from "../config/consent.ts";
import { type EndpointConfig, endpointOf } from "../config/endpoints.ts";
import { log } from "../operations/log.ts";
import { guardedFetch } from "../outbound/guarded-fetch.ts";
import { Seal } from "./seal.ts";

/** How long before its end a token is renewed, in ms, and how long one lives of which its server says nothing. */
const EARLY_MS = 30_000;
const UNTOLD_LIFE_MS = 3_600_000;
/** A token that is refused so soon after it was issued is not renewed: its server would refuse the next one, too. */
const JUST_ISSUED_MS = 2_000;
/** How long a person may take at the server's page, in ms, and how many such attempts a principal may have. */
const ATTEMPT_MS = 600_000;
const MOST_ATTEMPTS = 20;
const MAX_REPLY_BYTES = 262_144;

/** The endpoint's server has these credentials of the person, has none, or cannot be asked for new ones at the moment. */
export type UpstreamToken =
  | { readonly kind: "token"; readonly token: string; readonly freshUntil: number }
  | { readonly kind: "none" }
  | { readonly kind: "unavailable" };

export type BegunConsent =
  | { readonly ok: true; readonly address: string; readonly state: string }
  | { readonly ok: false };

/** The parameters the server sent the person back with. */
export interface ConsentAnswer {
  readonly state: string;
  readonly code?: string;
  readonly iss?: string;
}

export type FinishedConsent = { readonly ok: true; readonly endpoint: string } | { readonly ok: false };

interface Grant {
  readonly tokens: OAuthTokens;
  readonly client: OAuthClientInformationMixed;
  readonly server: OAuthDiscoveryState;
  /** ms since 1970. */
  readonly issuedAt: number;
}

interface Attempt {
  readonly endpoint: string;
  readonly redirectUri: string;
  readonly verifier: string;
  readonly client: OAuthClientInformationMixed;
  readonly server: OAuthDiscoveryState;
}

/** A client that was registered at the endpoint's server, for the address it was registered with. */
interface Registered {
  readonly redirectUri: string;
  readonly client: OAuthClientInformationMixed;
}

/**
 * What a principal has consented to at the servers of endpoints with `consent`. Everything is encrypted where it is stored. An
 * endpoint's token is renewed by one request at a time: a refresh token that is sent twice ends the grant at careful servers
 * (RFC 9700, section 4.14.2).
 */
export class UpstreamGrants {
  readonly #kv: SyncKvStorage;
  readonly #env: object;
  readonly #principal: string;
  readonly #renewals: Map<string, Promise<UpstreamToken>> = new Map();
  #madeSeal: Seal | undefined;

  constructor(kv: SyncKvStorage, env: object, principal: string) {
    this.#kv = kv;
    this.#env = env;
    this.#principal = principal;
  }

  /** @param refused A token that the server did not take. */
  async token(name: string, refused?: string): Promise<UpstreamToken> {
    const renewal = this.#renewals.get(name);
    if (renewal) return renewal;
    const grant = await this.#read<Grant>(`consent:${name}`);
    if (!grant) return { kind: "none" };
    const now = Date.now();
    const isRefused = grant.tokens.access_token === refused && now > grant.issuedAt + JUST_ISSUED_MS;
    if (!isRefused && now < freshUntil(grant)) return tokenOf(grant);
    // Another request may have come here while the grant was read.
    const begun = this.#renewals.get(name) ?? this.#renewed(name, grant);
    this.#renewals.set(name, begun);
    return begun.finally(() => this.#renewals.delete(name));
  }

  /** Begins a consent: registers here at the server if need be. Resolves with the page on which the person consents. */
  async begin(name: string, redirectUri: string): Promise<BegunConsent> {
    const endpoint = this.#endpoint(name);
    if (!endpoint) return { ok: false };
    const registered = await this.#read<Registered>(`client:${name}`);
    const flow = new Flow(redirectUri, endpoint);
    if (registered?.redirectUri === redirectUri) flow.client ??= registered.client;
    try {
      await auth(flow.provider, this.#options(endpoint));
    } catch (error) {
      log("consent-not-begun", { endpoint: name, error: String(error) });
    }
    const { address, client, server, verifier } = flow;
    if (!address || !client || !server) return { ok: false };
    if (!endpoint.consent?.clientId) await this.#write(`client:${name}`, { redirectUri, client });
    this.#clearAttempts();
    const attempt: Attempt = { endpoint: name, redirectUri, verifier, client, server };
    await this.#write(`attempt:${flow.state}`, attempt);
    return { ok: true, address: address.href, state: flow.state };
  }

  /** The person came back from the server. Each state is good once. */
  async finish({ state, code, iss }: ConsentAnswer): Promise<FinishedConsent> {
    const key = `attempt:${state}`;
    const attempt = await this.#read<Attempt>(key);
    this.#kv.delete(key);
    const endpoint = attempt && this.#endpoint(attempt.endpoint);
    if (!attempt || !endpoint || code === undefined) return { ok: false };
    const flow = new Flow(attempt.redirectUri, endpoint);
    Object.assign(flow, { client: attempt.client, server: attempt.server, verifier: attempt.verifier });
    try {
      await auth(flow.provider, {
        ...this.#options(endpoint),
        authorizationCode: code,
        ...(iss !== undefined && { iss }),
      });
    } catch (error) {
      log("consent-not-finished", { endpoint: endpoint.name, error: String(error) });
    }
    if (!flow.tokens) return { ok: false };
    const { tokens } = flow;
    const { client, server } = attempt;
    await this.#write(`consent:${endpoint.name}`, { tokens, client, server, issuedAt: Date.now() });
    log("consent-given", { endpoint: endpoint.name });
    return { ok: true, endpoint: endpoint.name };
  }

  async #renewed(name: string, grant: Grant): Promise<UpstreamToken> {
    const endpoint = this.#endpoint(name);
    const { refresh_token } = grant.tokens;
    if (!endpoint || refresh_token === undefined) return this.#ended(name, "no-refresh-token");
    const { authorizationServerUrl, authorizationServerMetadata, resourceMetadata } = grant.server;
    try {
      const tokens = await refreshAuthorization(authorizationServerUrl, {
        clientInformation: grant.client,
        refreshToken: refresh_token,
        ...(authorizationServerMetadata && { metadata: authorizationServerMetadata }),
        ...(resourceMetadata && { resource: resourceMetadata.resource }),
        ...this.#options(endpoint),
      });
      const next: Grant = { ...grant, tokens: { refresh_token, ...tokens }, issuedAt: Date.now() };
      await this.#write(`consent:${name}`, next);
      return tokenOf(next);
    } catch (error) {
      if (
        error instanceof OAuthError &&
        /^(invalid_grant|invalid_client|unauthorized_client)$/.test(error.code)
      )
        return this.#ended(name, error.code);
      log("consent-not-renewed", { endpoint: name, error: String(error) });
      return { kind: "unavailable" };
    }
  }

  #ended(name: string, reason: string): UpstreamToken {
    this.#kv.delete(`consent:${name}`);
    log("consent-ended", { endpoint: name, reason });
    return { kind: "none" };
  }

  #endpoint(name: string): EndpointConfig | undefined {
    const endpoint = endpointOf(this.#env, name);
    return endpoint?.consent ? endpoint : undefined;
  }

  #options({ url, allowPrivate, consent }: EndpointConfig) {
    return {
      serverUrl: url,
      ...(consent?.scope !== undefined && { scope: consent.scope }),
      fetchFn: guardedFetch({
        allowPrivate: allowPrivate && [new URL(url).hostname],
        endpoint: url,
        maxBytes: MAX_REPLY_BYTES,
      }),
    };
  }

  #clearAttempts(): void {
    const keys = [...this.#kv.list<{ at: number }>({ prefix: "attempt:" })]
      .map(([key, { at }]) => ({ key, at }))
      .sort((a, b) => b.at - a.at);
    for (const [index, { key, at }] of keys.entries())
      if (index >= MOST_ATTEMPTS - 1 || at < Date.now() - ATTEMPT_MS) this.#kv.delete(key);
  }

  async #write(key: string, value: unknown): Promise<void> {
    const sealed = await this.#seal.sealed(value, this.#purpose(key));
    this.#kv.put(key, { sealed, at: Date.now() });
  }

  async #read<T>(key: string): Promise<T | undefined> {
    const stored = this.#kv.get<{ sealed: string; at: number }>(key);
    if (!stored || (key.startsWith("attempt:") && stored.at < Date.now() - ATTEMPT_MS)) return undefined;
    return (await this.#seal.opened(stored.sealed, this.#purpose(key))) as T | undefined;
  }

  /** Its key is derived once. Without the secret there is nothing to read, so that this object may be made without it. */
  get #seal(): Seal {
    this.#madeSeal ??= new Seal(consentSecretOf(this.#env));
    return this.#madeSeal;
  }

  #purpose(key: string): string {
    return JSON.stringify([this.#principal, key]);
  }
}

/** One run of the SDK's `auth()`: what it reads and writes, kept apart from what is stored. */
class Flow {
  readonly state = `${crypto.randomUUID()}${crypto.randomUUID()}`;
  readonly provider: OAuthClientProvider;
  client: OAuthClientInformationMixed | undefined;
  server: OAuthDiscoveryState | undefined;
  tokens: OAuthTokens | undefined;
  address: URL | undefined;
  verifier = "";

  constructor(redirectUri: string, { consent }: EndpointConfig) {
    const { clientId: client_id, clientSecret: client_secret } = consent ?? {};
    if (client_id !== undefined)
      this.client = { client_id, ...(client_secret !== undefined && { client_secret }) };
    this.provider = {
      redirectUrl: redirectUri,
      clientMetadata: {
        client_name: "Holdfast",
        redirect_uris: [redirectUri],
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        token_endpoint_auth_method: "none",
      },
      state: () => this.state,
      clientInformation: () => this.client,
      saveClientInformation: (client) => {
        this.client = client;
      },
      tokens: () => undefined,
      saveTokens: (tokens) => {
        this.tokens = tokens;
      },
      redirectToAuthorization: (address) => {
        this.address = address;
      },
      saveCodeVerifier: (verifier) => {
        this.verifier = verifier;
      },
      codeVerifier: () => this.verifier,
      saveDiscoveryState: (server) => {
        this.server = server;
      },
      discoveryState: () => this.server,
    };
  }
}

function freshUntil({ tokens, issuedAt }: Grant): number {
  const life = tokens.expires_in === undefined ? UNTOLD_LIFE_MS : tokens.expires_in * 1_000;
  return issuedAt + Math.max(life - EARLY_MS, life / 2);
}

function tokenOf(grant: Grant): UpstreamToken {
  return { kind: "token", token: grant.tokens.access_token, freshUntil: freshUntil(grant) };
}
