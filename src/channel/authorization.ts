import { RequestFailedError } from "../engine/request-failed.ts";
import type { Fetch } from "./exchange.ts";
import type { AwaitedReply } from "./rpc-channel.ts";

/** How long each request to the authorization server may take, in ms. */
const AUTHORIZATION_TIMEOUT_MS = 30_000;
/** How long to wait for another tab that renews the token, in ms. One that is frozen holds its lock for ever. */
const LOCK_MS = 20_000;
/** How long a request waits for a person to sign in, in ms. */
const SIGN_IN_MS = 600_000;
/** The requests of the channel that a person may have started: the client sends the others of its own accord. */
const OF_PERSON = /^\{"jsonrpc":"2\.0","id":(\d+),"method":"(?!(?:tasks|subscriptions)\/)/;

/** The tokens of one provider, as an app gave it to an SDK's connector. */
export interface Credentials {
  /** The provider itself: requests that share it share one renewal. */
  readonly provider: object;
  token(): Promise<string | undefined> | string | undefined;
  /**
   * Gets a new token for the challenge of a 401 or 403. Resolves with false if only a person can sign in; asks one to
   * if `mayPrompt`. Rejects if the authorization server cannot be reached.
   */
  renew(challenge: Response, mayPrompt: boolean, target: AuthorizationTarget): Promise<boolean>;
}

/** What an SDK's `auth` is called with, whatever the provider. */
export interface AuthorizationTarget {
  readonly serverUrl: URL;
  readonly fetchFn: Fetch;
}

/** A person must sign in before the token can be renewed. */
class SignInNeeded extends Error {}

/** The part of an `OAuthClientProvider` that both SDK majors have. */
export interface OAuthProvider {
  readonly redirectUrl?: unknown;
  tokens(): unknown;
  invalidateCredentials?(scope: "discovery"): unknown;
}

export interface StoredTokens {
  readonly access_token?: string;
  readonly scope?: string;
  readonly refresh_token?: string;
}

/** OAuth by an SDK's `auth`. In the background it only refreshes: it neither registers a client nor begins a sign-in. */
export function oauthCredentials<P extends OAuthProvider>(
  provider: P,
  authorize: (provider: P, challenge: Response, target: AuthorizationTarget) => Promise<string>,
): Credentials {
  const stored = async (): Promise<StoredTokens | undefined> => (await provider.tokens()) as StoredTokens;
  const token = async (): Promise<string | undefined> => (await stored())?.access_token;
  return {
    provider,
    token,
    async renew(challenge, mayPrompt, target) {
      if (mayPrompt) {
        const used = await token();
        // The server may have changed its authorization server, and an SDK would ask the remembered one.
        await provider.invalidateCredentials?.("discovery");
        const result = await authorize(provider, challenge, target);
        // A provider with a window of its own for the sign-in has the token by now.
        return result === "AUTHORIZED" || ((await token()) ?? used) !== used;
      }
      // Without a redirect address there is nobody to ask, and the token comes with the client's own credentials.
      if (provider.redirectUrl && !(await stored())?.refresh_token) return false;
      let refused = false;
      try {
        const silent = withoutSignIn(provider, () => {
          refused = true;
        });
        return (await authorize(silent, challenge, target)) === "AUTHORIZED";
      } catch (error) {
        if (refused) return false;
        throw error;
      }
    },
  };
}

/** The provider for a refresh alone. An SDK goes on to a sign-in when a refresh fails, for whatever reason. */
function withoutSignIn<P extends OAuthProvider>(provider: P, refused: () => void): P {
  const deny = (): never => {
    throw new SignInNeeded("the refresh failed, and a person must sign in");
  };
  return withMethods(provider, {
    state: deny,
    saveCodeVerifier: deny,
    redirectToAuthorization: deny,
    // The authorization server took the refresh token for invalid (`invalid_grant`).
    invalidateCredentials(scope: "discovery") {
      refused();
      return provider.invalidateCredentials?.(scope);
    },
  });
}

/** The provider with these methods in place of its own. Its other methods find its private fields. */
export function withMethods<P extends object>(
  provider: P,
  methods: Readonly<Record<string, (scope: "discovery") => unknown>>,
): P {
  return new Proxy(provider, {
    get(target, property) {
      const value: unknown = methods[property as string] ?? Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** What requests know of each other that share a provider. */
interface Renewal {
  running?: Promise<void> | undefined;
  /** The token that only a sign-in can replace. */
  refused?: { readonly token: string | undefined } | undefined;
  /** The latest thing a person had started when a sign-in was last asked for: it is asked for once, unless the server took its token. */
  promptedFor: number;
}

const renewals: WeakMap<object, Renewal> = new WeakMap();

/**
 * A `fetch` that sends the provider's token and renews it when the server refuses it. A renewal runs once at a time, over
 * all requests and tabs: servers that rotate refresh tokens take a second use of one for theft and revoke the grant
 * (RFC 9700, section 4.14.2). Rejects with a RequestFailedError of kind `unauthorized` if a person must sign in.
 * @param person What a person has started and still waits for: a number that rises with each, or 0 for nothing.
 * @param awaited The request under an id: its time stands still while a person signs in.
 */
export function authorizedFetch(
  fetch: Fetch,
  address: URL,
  credentials: Credentials,
  authorizationFetch: Fetch,
  person: () => number,
  awaited: (id: number) => AwaitedReply | undefined = () => undefined,
): Fetch {
  const renewal: Renewal = renewals.get(credentials.provider) ?? { promptedFor: 0 };
  renewals.set(credentials.provider, renewal);
  const fetchFn: Fetch = (url, init) =>
    authorizationFetch(url, { ...init, signal: AbortSignal.timeout(AUTHORIZATION_TIMEOUT_MS) });

  /** Resolves when there is a token other than `used`. */
  async function renewed(used: string | undefined, challenge: Response, started: number): Promise<void> {
    const isNew = (token: string | undefined): boolean => token !== undefined && token !== used;
    for (;;) {
      const token = await credentials.token();
      if (isNew(token)) return;
      const mayPrompt = started > renewal.promptedFor;
      const hopeless = challenge.status === 403 || (renewal.refused && renewal.refused.token === token);
      if (hopeless && !mayPrompt) throw unauthorized(challenge);
      if (renewal.running) {
        await renewal.running;
        continue;
      }
      renewal.running = exclusively(address, async () => {
        // Another tab may have renewed it while this one waited for the lock.
        if (isNew(await credentials.token())) return;
        if (mayPrompt) renewal.promptedFor = started;
        const done = await credentials.renew(challenge, mayPrompt, { serverUrl: address, fetchFn });
        renewal.refused = done ? undefined : { token: await credentials.token() };
        if (!done) throw unauthorized(challenge);
      }).catch((error: unknown) => {
        if (error instanceof RequestFailedError) throw error;
        const message = `The access token could not be renewed: ${error instanceof Error ? error.message : error}`;
        throw new RequestFailedError("authorization", { kind: "network", message, unsent: true }, error);
      });
      await renewal.running.finally(() => {
        renewal.running = undefined;
      });
      return;
    }
  }

  return async (url, init) => {
    const send = async (): Promise<[Response, string | undefined]> => {
      const token = await credentials.token();
      const headers = new Headers(init?.headers);
      if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
      return [await fetch(url, { ...init, headers }), token];
    };
    const [response, used] = await send();
    if (!isRefusal(response)) return response;
    await response.body?.cancel();
    const id = Number(OF_PERSON.exec(String(init?.body))?.[1]);
    awaited(id)?.renewing(SIGN_IN_MS);
    await renewed(used, response, id ? person() : 0);
    awaited(id)?.renewing();
    const [again] = await send();
    if (!isRefusal(again)) {
      renewal.promptedFor = 0;
      return again;
    }
    await again.body?.cancel();
    throw unauthorized(again);
  };
}

function isRefusal({ status, headers }: Response): boolean {
  return (
    status === 401 || (status === 403 && /insufficient_scope/.test(headers.get("www-authenticate") ?? ""))
  );
}

function unauthorized({ status }: Response): RequestFailedError {
  const why = status === 403 ? "the access token lacks a scope" : "it takes none of the tokens";
  const message = `The server wants a sign-in (HTTP ${status}): ${why}. Sign in, then call nudge()`;
  return new RequestFailedError("authorization", { kind: "unauthorized", message });
}

interface Locks {
  request<T>(name: string, options: { signal: AbortSignal }, work: () => Promise<T>): Promise<T>;
}

/** Runs the work while no other tab of the origin does the same for this server, where there are Web Locks. */
async function exclusively(address: URL, work: () => Promise<void>): Promise<void> {
  const { locks } = (globalThis.navigator as { locks?: Locks } | undefined) ?? {};
  if (!locks) return work();
  let began = false;
  const begin = (): Promise<void> => {
    began = true;
    return work();
  };
  try {
    await locks.request(`holdfast/token/${address.origin}`, { signal: AbortSignal.timeout(LOCK_MS) }, begin);
  } catch (error) {
    if (began) throw error;
    await work();
  }
}
