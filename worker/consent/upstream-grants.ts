import {
  auth,
  type OAuthClientInformationMixed,
  type OAuthDiscoveryState,
  OAuthError,
  refreshAuthorization,
} from "@modelcontextprotocol/client";
import { consentSecretOf } from "../config/consent.ts";
import { allEndpoints, type EndpointConfig, endpointOf } from "../config/endpoints.ts";
import { log } from "../operations/log.ts";
import { guardedFetch } from "../outbound/guarded-fetch.ts";
import { ConsentFlow } from "./consent-flow.ts";
import { type IssuedTo, revokeTokens } from "./revocation.ts";
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

/**
 * Where the principal stands with an endpoint's server. `ended`: the server ended the grant. Times are in ms since 1970.
 */
export type Consent = ConsentState & {
  /** Names the request for this consent that is open; undefined for some minutes after the last one was answered. */
  readonly round?: number;
  /** The person has declined the last one. */
  readonly declined?: true;
};

type ConsentState =
  | { readonly state: "connected"; readonly since: number }
  | { readonly state: "ended"; readonly since: number }
  | { readonly state: "none" };

/** What became of a grant's tokens at the server when the grant was dropped here. */
export type DroppedConsent = "revoked" | "no-revocation" | "failed" | "none";

interface Grant extends IssuedTo {
  /** When the tokens were issued, in ms since 1970. */
  readonly issuedAt: number;
  /** When the person consented, in ms since 1970. */
  readonly since?: number;
}

/** A grant and the row it was read from: a row that differs is of a later grant. */
interface StoredGrant {
  readonly grant: Grant;
  readonly sealed: string;
}

/** The last request for a consent that was answered. */
interface AskedConsent {
  readonly round: number;
  readonly declined?: boolean;
  /** When it is asked for again, in ms since 1970. */
  readonly quietUntil: number;
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
    const stored = await this.#grant(name);
    if (!stored) return { kind: "none" };
    const { grant } = stored;
    const now = Date.now();
    const isRefused = grant.tokens.access_token === refused && now > grant.issuedAt + JUST_ISSUED_MS;
    if (!isRefused && now < freshUntil(grant)) return tokenOf(grant);
    // A renewal began and ended while the grant was read: its refresh token is used up.
    if (!this.#isCurrent(name, stored)) return this.token(name, refused);
    // Another request may have come here while the grant was read.
    const begun = this.#renewals.get(name) ?? this.#renewed(name, stored);
    this.#renewals.set(name, begun);
    return begun.finally(() => this.#renewals.delete(name));
  }

  /** Begins a consent: registers here at the server if need be. Resolves with the page on which the person consents. */
  async begin(name: string, redirectUri: string): Promise<BegunConsent> {
    const endpoint = this.#endpoint(name);
    if (!endpoint) return { ok: false };
    const registered = await this.#read<Registered>(`client:${name}`);
    const flow = new ConsentFlow(redirectUri, endpoint);
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
    const flow = new ConsentFlow(attempt.redirectUri, endpoint);
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
    const now = Date.now();
    await this.#write(grantKey(endpoint.name), { tokens, client, server, issuedAt: now, since: now });
    this.#kv.delete(endedKey(endpoint.name));
    // A consent that ends soon after is asked for at once.
    this.#ask(endpoint.name, 0);
    log("consent-given", { endpoint: endpoint.name });
    return { ok: true, endpoint: endpoint.name };
  }

  /** Where the principal stands with each endpoint that wants consent, by endpoint. Asks no server. */
  async consents(): Promise<Record<string, Consent>> {
    const personal = allEndpoints(this.#env).filter(({ isPersonal }) => isPersonal);
    const consents = personal.map(async ({ name }) => [name, await this.#consent(name)] as const);
    return Object.fromEntries(await Promise.all(consents));
  }

  /** The person has answered a request for this consent: it is not asked for again while they may be at the server's page. */
  answered(name: string, round: number, declined: boolean): void {
    if (this.#asked(name).round === round) this.#ask(name, Date.now() + ATTEMPT_MS, declined);
  }

  /** Forgets the person's tokens, and has the server revoke them if it can. */
  async drop(name: string): Promise<DroppedConsent> {
    const endpoint = this.#endpoint(name);
    // A token that is being issued is to be revoked, too.
    await this.#renewals.get(name);
    const stored = await this.#grant(name);
    this.#kv.delete(grantKey(name));
    this.#kv.delete(endedKey(name));
    if (!endpoint || !stored) return "none";
    log("consent-dropped", { endpoint: name });
    return this.#revoked(endpoint, stored.grant);
  }

  async #consent(name: string): Promise<Consent> {
    const stored = await this.#grant(name);
    if (stored) return { state: "connected", since: stored.grant.since ?? stored.grant.issuedAt };
    const { round, quietUntil, declined } = this.#asked(name);
    const ended = this.#kv.get<number>(endedKey(name));
    return {
      ...(ended === undefined ? { state: "none" } : { state: "ended", since: ended }),
      ...(Date.now() >= quietUntil ? { round } : declined && { declined }),
    };
  }

  /** Rounds only rise: a task that outlives several of them never sees one key for two requests. */
  #ask(name: string, quietUntil: number, declined = false): void {
    const asked: AskedConsent = { round: this.#asked(name).round + 1, quietUntil, declined };
    this.#kv.put(askedKey(name), asked);
  }

  #asked(name: string): AskedConsent {
    return this.#kv.get<AskedConsent>(askedKey(name)) ?? { round: 0, quietUntil: 0 };
  }

  async #grant(name: string): Promise<StoredGrant | undefined> {
    const sealed = this.#kv.get<{ sealed: string }>(grantKey(name))?.sealed;
    const grant = await this.#read<Grant>(grantKey(name));
    return sealed === undefined || !grant ? undefined : { grant, sealed };
  }

  /** The grant may be another one by now, or dropped: its person was faster than its server. */
  #isCurrent(name: string, { sealed }: StoredGrant): boolean {
    return this.#kv.get<{ sealed: string }>(grantKey(name))?.sealed === sealed;
  }

  async #revoked(endpoint: EndpointConfig, grant: Grant): Promise<DroppedConsent> {
    try {
      return (await revokeTokens(grant, this.#options(endpoint).fetchFn)) ? "revoked" : "no-revocation";
    } catch (error) {
      log("consent-not-revoked", { endpoint: endpoint.name, error: String(error) });
      return "failed";
    }
  }

  async #renewed(name: string, stored: StoredGrant): Promise<UpstreamToken> {
    const endpoint = this.#endpoint(name);
    const { grant } = stored;
    const { refresh_token } = grant.tokens;
    if (!endpoint || refresh_token === undefined) return this.#ended(name, stored, "no-refresh-token");
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
      const sealed = await this.#sealed(grantKey(name), next);
      if (!this.#isCurrent(name, stored)) {
        await this.#revoked(endpoint, next);
        return this.#latest(name);
      }
      this.#kv.put(grantKey(name), sealed);
      return tokenOf(next);
    } catch (error) {
      if (
        error instanceof OAuthError &&
        /^(invalid_grant|invalid_client|unauthorized_client)$/.test(error.code)
      )
        return this.#ended(name, stored, error.code);
      log("consent-not-renewed", { endpoint: name, error: String(error) });
      return { kind: "unavailable" };
    }
  }

  async #ended(name: string, stored: StoredGrant, reason: string): Promise<UpstreamToken> {
    if (!this.#isCurrent(name, stored)) return this.#latest(name);
    this.#kv.delete(grantKey(name));
    this.#kv.put(endedKey(name), Date.now());
    log("consent-ended", { endpoint: name, reason });
    return { kind: "none" };
  }

  async #latest(name: string): Promise<UpstreamToken> {
    const stored = await this.#grant(name);
    return stored ? tokenOf(stored.grant) : { kind: "none" };
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
    this.#kv.put(key, await this.#sealed(key, value));
  }

  async #sealed(key: string, value: unknown): Promise<{ readonly sealed: string; readonly at: number }> {
    return { sealed: await this.#seal.sealed(value, this.#purpose(key)), at: Date.now() };
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

function freshUntil({ tokens, issuedAt }: Grant): number {
  const life = tokens.expires_in === undefined ? UNTOLD_LIFE_MS : tokens.expires_in * 1_000;
  return issuedAt + Math.max(life - EARLY_MS, life / 2);
}

function tokenOf(grant: Grant): UpstreamToken {
  return { kind: "token", token: grant.tokens.access_token, freshUntil: freshUntil(grant) };
}

const grantKey = (name: string): string => `consent:${name}`;
const endedKey = (name: string): string => `ended:${name}`;
const askedKey = (name: string): string => `asked:${name}`;
