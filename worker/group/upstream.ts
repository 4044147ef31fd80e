import { ClientCredentialsProvider, type StoredOAuthTokens } from "@modelcontextprotocol/client";
import { type Connector, VERSION, withIdempotencyKeys } from "holdfast";
import { withoutServerStream } from "holdfast/durable-object";
import { type Credentials, fromUrl } from "holdfast/http";
import { oauth as signedIn } from "holdfast/oauth";
import { withPairs } from "holdfast/pairs";
import type { Bindings, Fetching } from "../bindings.ts";
import type { EndpointConfig, OAuthConfig } from "../config/endpoints.ts";
import { limitsOf } from "../config/limits.ts";
import { type DirectoryStub, directoryOf } from "../directory/directory-stub.ts";
import type { Counters } from "../operations/counters.ts";
import { type FetchLike, guardedFetch } from "../outbound/guarded-fetch.ts";

/** What a result may be wrapped in, in bytes. */
const ENVELOPE_BYTES = 65_536;
const IDENTITY = { name: "holdfast-worker", version: VERSION };

/** Whose requests they are. */
export interface UpstreamCaller {
  readonly principal: string;
  /** Where the endpoint's own tokens are kept. */
  readonly kept: SyncKvStorage;
  readonly counters: Counters;
  /** A number that changes with the person's consent: a token from before is not sent any more. */
  readonly consents: () => number;
}

/** The way to an upstream server, as it is configured; tokens it is given are kept in the object. */
export function connectorTo(
  endpoint: EndpointConfig,
  env: Bindings,
  { principal, kept, counters, consents }: UpstreamCaller,
): Connector {
  const { oauth, consent, idempotencyKey, pairs } = endpoint;
  const credentials = oauth
    ? new KeptCredentials(oauth, kept)
    : consent && new PersonsTokens(directoryOf(env, principal), endpoint.name, consents);
  const connector = connectorWith(endpoint, env, counters, credentials);
  const keyed = idempotencyKey === undefined ? connector : withIdempotencyKeys(connector, idempotencyKey);
  return pairs ? withPairs(keyed, pairs) : keyed;
}

/**
 * Whether requests to the endpoint need nothing but its configuration: then any isolate may send them. A call with a key is safe to
 * repeat under its own key only, and another process has another one.
 */
export function isStateless({ oauth, consent, idempotencyKey, pairs }: EndpointConfig): boolean {
  return !oauth && !consent && idempotencyKey === undefined && !pairs;
}

/** The way to an upstream server from any isolate. The endpoint must be {@link isStateless}. */
export function statelessConnectorTo(endpoint: EndpointConfig, env: Bindings, counters: Counters): Connector {
  return connectorWith(endpoint, env, counters, undefined);
}

function connectorWith(
  endpoint: EndpointConfig,
  env: Bindings,
  counters: Counters,
  credentials: KeptCredentials | PersonsTokens | undefined,
): Connector {
  const { url, era, headers, sampleLab, service } = endpoint;
  const send =
    sampleLab === undefined
      ? guardedFetch({
          allowPrivate: privateHostsOf(endpoint),
          endpoint: url,
          secretHeaders: Object.keys(headers),
          // JSON escapes and the envelope take more room than the result itself.
          maxBytes: 2 * limitsOf(env).resultBytes + ENVELOPE_BYTES,
          redactor: () => [...endpoint.secrets, ...(credentials?.secrets() ?? [])],
          ...(service !== undefined && { fetch: serviceFetch(env, service) }),
        })
      : sampleFetch(env, sampleLab);
  const connector = fromUrl(url, {
    era,
    clientInfo: IDENTITY,
    fetch: withoutServerStream(counted(send, counters, statusTools(endpoint))),
    requestInit: { headers },
    ...(credentials && {
      authorization: credentials instanceof KeptCredentials ? signedIn(credentials) : credentials,
    }),
  });
  // Callers of the worker read its errors, and an address may be a secret of its operator.
  return { ...connector, label: "the upstream server" };
}

/** Of an endpoint on a private network: its own host and its authorization server's, not those its metadata names. */
function privateHostsOf({ url, oauth, allowPrivate }: EndpointConfig): readonly string[] {
  if (!allowPrivate) return [];
  return [url, ...(oauth ? [oauth.issuer] : [])].map((address) => new URL(address).hostname);
}

/** A server behind a service binding, which `endpointOf` has checked. Redirects lead nowhere but to the same service. */
function serviceFetch(env: Bindings, name: string): FetchLike {
  const service: Fetching = Reflect.get(env, name);
  return (url, init) => service.fetch(new Request(url, init));
}

/** The sample servers are this worker's own: they are reached without a network. */
function sampleFetch(env: Bindings, lab: string): FetchLike {
  return (url, init) => env.SAMPLE_LAB.getByName(lab).fetch(new Request(url, init));
}

function statusTools({ pairs = {} }: EndpointConfig): ReadonlySet<unknown> {
  return new Set(Object.values(pairs).map(({ status }) => status.tool));
}

/** Whether a request asks how a task is, or the job of a pair. */
function isPoll(body: string, statusTools: ReadonlySet<unknown>): boolean {
  if (body.includes('"method":"tasks/get"')) return true;
  if (statusTools.size === 0 || !body.includes('"method":"tools/call"')) return false;
  const { params } = JSON.parse(body) as { readonly params?: { readonly name?: unknown } };
  return statusTools.has(params?.name);
}

function counted(send: FetchLike, counters: Counters, statusTools: ReadonlySet<unknown>): FetchLike {
  return async (url, init) => {
    counters.add("upstream_requests");
    if (typeof init?.body === "string" && isPoll(init.body, statusTools)) counters.add("polls");
    try {
      const reply = await send(url, init);
      if (reply.status >= 400) counters.add(`upstream_errors:${reply.status}`);
      return reply;
    } catch (error) {
      counters.add("upstream_errors:network");
      throw error;
    }
  };
}

/** Client credentials whose token outlives the object's eviction. */
class KeptCredentials extends ClientCredentialsProvider {
  readonly #kept: SyncKvStorage;

  constructor(oauth: OAuthConfig, kept: SyncKvStorage) {
    super({
      clientId: oauth.clientId,
      clientSecret: oauth.clientSecret,
      expectedIssuer: oauth.issuer,
      ...(oauth.scope !== undefined && { scope: oauth.scope }),
    });
    this.#kept = kept;
  }

  override tokens(): StoredOAuthTokens | undefined {
    return this.#kept.get<StoredOAuthTokens>("oauth-tokens");
  }

  /** The tokens it has now. */
  secrets(): readonly string[] {
    const { access_token, refresh_token } = this.tokens() ?? {};
    return [access_token, refresh_token].filter((token) => token !== undefined);
  }

  override saveTokens(tokens: StoredOAuthTokens): void {
    this.#kept.put("oauth-tokens", tokens);
  }
}

/** How long a token is used without asking the principal's object again, in ms. */
const TRUSTED_MS = 60_000;

/** The token of the person, which the principal's object has and renews: it is the same for all groups. */
class PersonsTokens implements Credentials {
  readonly #directory: DirectoryStub;
  readonly #endpoint: string;
  readonly #consents: () => number;
  #token: string | undefined;
  #until = 0;
  #consent: number | undefined;

  constructor(directory: DirectoryStub, endpoint: string, consents: () => number) {
    this.#directory = directory;
    this.#endpoint = endpoint;
    this.#consents = consents;
  }

  async token(): Promise<string | undefined> {
    if (Date.now() < this.#until && this.#consent === this.#consents()) return this.#token;
    await this.#ask();
    return this.#token;
  }

  /** Requests that share the object share one renewal. */
  get provider(): object {
    return this;
  }

  /** Rejects while the person's consent is missing: a call then waits for it, as for a network, and does not fail. */
  async renew(): Promise<boolean> {
    if (await this.#ask(this.#token)) return true;
    throw new Error("There is no usable token of the person");
  }

  secrets(): readonly string[] {
    return this.#token === undefined ? [] : [this.#token];
  }

  async #ask(refused?: string): Promise<boolean> {
    // Read before: a change on the way may have come too late for the answer.
    this.#consent = this.#consents();
    const found = await this.#directory.upstreamToken(this.#endpoint, refused);
    this.#token = found.kind === "token" ? found.token : undefined;
    this.#until = found.kind === "token" ? Math.min(found.freshUntil, Date.now() + TRUSTED_MS) : 0;
    return found.kind === "token" && found.token !== refused;
  }
}
