import {
  ClientCredentialsProvider,
  type OAuthClientProvider,
  type StoredOAuthTokens,
} from "@modelcontextprotocol/client";
import type { Connector } from "holdfast";
import { withoutServerStream } from "holdfast/durable-object";
import { fromUrl } from "holdfast/sdk-v2";
import type { Bindings } from "../bindings.ts";
import type { EndpointConfig, OAuthConfig } from "../config/endpoints.ts";
import type { Counters } from "../operations/counters.ts";
import { type FetchLike, guardedFetch } from "../outbound/guarded-fetch.ts";

const IDENTITY = { name: "holdfast-worker", version: "0.1.0" };

/** The way to an upstream server, as it is configured; tokens it is given are kept in the object. */
export function connectorTo(
  endpoint: EndpointConfig,
  env: Bindings,
  kept: SyncKvStorage,
  counters: Counters,
): Connector {
  const { url, era, headers, oauth, allowPrivate, sampleLab } = endpoint;
  const send =
    sampleLab === undefined
      ? guardedFetch({ allowPrivate, endpoint: url, secretHeaders: Object.keys(headers) })
      : sampleFetch(env, sampleLab);
  return fromUrl(url, {
    era,
    clientInfo: IDENTITY,
    fetch: withoutServerStream(counted(send, counters)),
    requestInit: { headers },
    ...(oauth && { authProvider: new KeptCredentials(oauth, kept) as OAuthClientProvider }),
  });
}

/** The sample servers are this worker's own: they are reached without a network. */
function sampleFetch(env: Bindings, lab: string): FetchLike {
  return (url, init) => env.SAMPLE_LAB.getByName(lab).fetch(new Request(url, init));
}

function counted(send: FetchLike, counters: Counters): FetchLike {
  return async (url, init) => {
    counters.add("upstream_requests");
    if (typeof init?.body === "string" && init.body.includes('"method":"tasks/get"')) counters.add("polls");
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

  override saveTokens(tokens: StoredOAuthTokens): void {
    this.#kept.put("oauth-tokens", tokens);
  }
}
