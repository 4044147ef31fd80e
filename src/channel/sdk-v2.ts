/**
 * Connectors for `@modelcontextprotocol/client` (v2), which speaks both generations.
 * @module
 */
// One name is imported by itself: where the package is missing, a bundler complains of each such name.
import * as sdk from "@modelcontextprotocol/client";
import {
  type AuthProvider,
  type Client,
  type OAuthClientProvider,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import type { JsonObject } from "../protocol/json.ts";
import type { Session } from "../protocol/session.ts";
import type { Credentials } from "./authorization.ts";
import { type ClientOptions, clientConnector } from "./client-connector.ts";
import type { Connector } from "./connection.ts";
import { sdkLink } from "./sdk-link.ts";
import { oauthBy, type SdkAuth } from "./sdk-sign-in.ts";
import type { Transport } from "./transport.ts";
import { type Link, type LinkSeed, type UrlOptions, urlConnector } from "./url-connector.ts";

export type { ClientOptions } from "./client-connector.ts";
export type { Connector } from "./connection.ts";
export type { Fetch } from "./exchange.ts";
export type { UrlOptions } from "./url-connector.ts";

export type ConnectedClient = Pick<
  Client,
  "transport" | "getServerCapabilities" | "getProtocolEra" | "getNegotiatedProtocolVersion"
>;

/**
 * Runs tasks through a v2 `Client` of either era that the app connects, and goes on using, itself.
 * @example
 * const client = new Client({ name: "papers", version: "1.0.0" });
 * const tasks = new TaskClient({ store, endpoints: { papers: fromClient(client) } });
 * await client.connect(transport);
 */
export function fromClient(client: ConnectedClient, options: ClientOptions = {}): Connector {
  return clientConnector(
    () => client.transport as unknown as Transport | undefined,
    (transport, remembered): Session => {
      const modern = client.getProtocolEra() === "modern";
      const negotiated = client.getNegotiatedProtocolVersion() ?? remembered?.protocolVersion;
      return {
        generation: modern ? "2026-07-28" : "2025-11-25",
        protocolVersion: negotiated ?? (modern ? "2026-07-28" : "2025-11-25"),
        // A Client that resumes a session makes no handshake, and knows no capabilities.
        serverCapabilities:
          (client.getServerCapabilities() as JsonObject | undefined) ?? remembered?.serverCapabilities ?? {},
        ...(transport.sessionId !== undefined && { sessionId: transport.sessionId }),
        ...(remembered?.tools && { tools: remembered.tools }),
      };
    },
    options,
  );
}

const SDK_AUTH: SdkAuth<OAuthClientProvider> = {
  auth: sdk.auth,
  extractWWWAuthenticateParams: sdk.extractWWWAuthenticateParams,
};

export interface UrlOptionsV2 extends UrlOptions {
  /**
   * OAuth or a token source. Tokens stay with the provider. Polls only refresh them, once for all tabs; a sign-in is only
   * asked for when a person has started a call, `listTools`, `session` or `request`. Until then the failure in a task's `retry`
   * is `unauthorized`. A token source's `onUnauthorized` is called for polls too.
   */
  readonly authProvider?: AuthProvider | OAuthClientProvider;
}

/**
 * Connects to a server of either generation by its address.
 * @example
 * const papers = fromUrl("https://papers.example/mcp", { authProvider });
 */
export function fromUrl(url: string | URL, options: UrlOptionsV2 = {}): Connector {
  const { authProvider, requestInit } = options;
  const make = (address: URL, seed: LinkSeed): Link =>
    sdkLink(seed, (given) => new StreamableHTTPClientTransport(address, given) as unknown as Transport);
  if (!authProvider) return urlConnector(url, options, make);
  const credentials = isOAuth(authProvider)
    ? oauthBy(() => SDK_AUTH, authProvider)
    : tokenSource(authProvider);
  const authorization = { credentials, fetch: sdk.createFetchWithInit(options.fetch, requestInit) };
  const plain = options.fetch ?? ((input: string | URL, init?: RequestInit) => globalThis.fetch(input, init));
  // Below the tokens: each attempt has a proof of its own (RFC 9449).
  const fetch =
    isOAuth(authProvider) && authProvider.dpop ? sdk.withDpopFromProvider(authProvider)(plain) : plain;
  return urlConnector(url, { ...options, fetch }, make, authorization);
}

function isOAuth(provider: AuthProvider | OAuthClientProvider): provider is OAuthClientProvider {
  return "tokens" in provider && "clientInformation" in provider;
}

function tokenSource(provider: AuthProvider): Credentials {
  return {
    provider,
    token: () => provider.token(),
    async renew(response, _mayPrompt, target) {
      await provider.onUnauthorized?.({ response, ...target });
      return provider.onUnauthorized !== undefined;
    },
  };
}
