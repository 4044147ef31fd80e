/**
 * Connectors for `@modelcontextprotocol/client` (v2), which speaks both generations.
 * @module
 */
import {
  type AuthProvider,
  type Client,
  type OAuthClientProvider,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import type { JsonObject } from "../protocol/json.ts";
import type { Session } from "../protocol/session.ts";
import { type ClientOptions, clientConnector } from "./client-connector.ts";
import type { Connector } from "./connection.ts";
import type { Transport } from "./transport.ts";
import { type UrlOptions, urlConnector } from "./url-connector.ts";

export type { Connector } from "./connection.ts";

type ConnectedClient = Pick<
  Client,
  "transport" | "getServerCapabilities" | "getProtocolEra" | "getNegotiatedProtocolVersion"
>;

/** Runs tasks through a v2 `Client` of either era that the app connects, and goes on using, itself. */
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

export interface UrlOptionsV2 extends UrlOptions {
  /** OAuth or a token source, as the SDK's transport does it. Tokens stay with the provider. */
  readonly authProvider?: AuthProvider | OAuthClientProvider;
}

/** Connects to a server of either generation by its address. */
export function fromUrl(url: string | URL, options: UrlOptionsV2 = {}): Connector {
  return urlConnector(url, options, (address, seed) => {
    const transport = new StreamableHTTPClientTransport(address, {
      ...seed,
      ...(options.authProvider && { authProvider: options.authProvider }),
    });
    return transport as unknown as Transport;
  });
}
