/**
 * Connectors for `@modelcontextprotocol/sdk` (v1), which speaks 2025-11-25.
 * @module
 */

// One name is imported by itself: where the package is missing, a bundler complains of each such name.
import * as oauth from "@modelcontextprotocol/sdk/client/auth.js";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import * as sdkTransport from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JsonObject } from "../protocol/json.ts";
import type { Session } from "../protocol/session.ts";
import { withMethods } from "./authorization.ts";
import { clientConnector } from "./client-connector.ts";
import type { Connector } from "./connection.ts";
import { sdkLink } from "./sdk-link.ts";
import { oauthBy, type SdkAuth } from "./sdk-sign-in.ts";
import type { Transport } from "./transport.ts";
import { type Link, type LinkSeed, type UrlOptions, urlConnector } from "./url-connector.ts";

export type { Connector } from "./connection.ts";
export type { Fetch } from "./exchange.ts";
export type { UrlOptions } from "./url-connector.ts";

/**
 * Runs tasks through a v1 `Client` that the app connects, and goes on using, itself.
 * @example
 * const client = new Client({ name: "papers", version: "1.0.0" });
 * const tasks = new TaskClient({ store, endpoints: { papers: fromClient(client) } });
 * await client.connect(transport);
 */
export function fromClient(client: Pick<Client, "transport" | "getServerCapabilities">): Connector {
  return clientConnector(
    () => client.transport as unknown as Transport | undefined,
    (transport, remembered): Session => ({
      generation: "2025-11-25",
      protocolVersion: (transport as { protocolVersion?: string }).protocolVersion ?? "2025-11-25",
      // A Client that resumes a session makes no handshake, and knows no capabilities.
      serverCapabilities:
        (client.getServerCapabilities() as JsonObject | undefined) ?? remembered?.serverCapabilities ?? {},
      ...(transport.sessionId !== undefined && { sessionId: transport.sessionId }),
      ...(remembered?.tools && { tools: remembered.tools }),
    }),
    {},
  );
}

const SDK_AUTH: SdkAuth<oauth.OAuthClientProvider> = {
  // This SDK signs in anew only where it finds no refresh token.
  auth: (provider, { forceReauthorization, ...options }) =>
    oauth.auth(forceReauthorization ? withMethods(provider, { tokens: () => undefined }) : provider, options),
  extractWWWAuthenticateParams: oauth.extractWWWAuthenticateParams,
};

export interface UrlOptionsV1 extends Omit<UrlOptions, "era"> {
  /**
   * OAuth. Tokens stay with the provider. Polls only refresh them, once for all tabs; a sign-in is only asked for when a
   * person has started a call, `listTools`, `session` or `request`. Until then the failure in a task's `retry` is `unauthorized`.
   */
  readonly authProvider?: oauth.OAuthClientProvider;
}

/**
 * Connects to a 2025-11-25 server by its address. For servers of either generation use `holdfast/sdk-v2`.
 * @example
 * const papers = fromUrl("https://papers.example/mcp", { authProvider });
 */
export function fromUrl(url: string | URL, options: UrlOptionsV1 = {}): Connector {
  const { authProvider, fetch, requestInit } = options;
  const make = (address: URL, seed: LinkSeed): Link =>
    sdkLink(seed, (given) => new StreamableHTTPClientTransport(address, given) as unknown as Transport);
  const authorization = authProvider && {
    credentials: oauthBy(() => SDK_AUTH, authProvider),
    fetch: sdkTransport.createFetchWithInit(fetch, requestInit),
  };
  return urlConnector(url, { ...options, era: "2025-11-25" }, make, authorization);
}
