import type { OAuthClientMetadata } from "@modelcontextprotocol/client";

/** Where the servers of endpoints send people back to: the redirect address to register there. */
export const CONNECTED = "/connected";

/**
 * The address of the document that describes this worker to the servers of endpoints. The address is the client id at servers
 * that read such documents (OAuth Client ID Metadata Document). Endpoint names contain no dot.
 */
export const CLIENT_DOCUMENT = "/connect/client.json";

/** How the worker registers at the servers of endpoints. */
export function clientMetadata(redirectUri: string): OAuthClientMetadata {
  return {
    client_name: "Holdfast",
    client_uri: new URL(redirectUri).origin,
    redirect_uris: [redirectUri],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  };
}

/** The document at {@link CLIENT_DOCUMENT}. */
export function clientDocument(origin: string): OAuthClientMetadata & { readonly client_id: string } {
  return { client_id: origin + CLIENT_DOCUMENT, ...clientMetadata(origin + CONNECTED) };
}

/** The client id for servers that read such documents; undefined without TLS, where nobody may believe the document. */
export function clientDocumentUrl(redirectUri: string): string | undefined {
  const { protocol, origin } = new URL(redirectUri);
  return protocol === "https:" ? origin + CLIENT_DOCUMENT : undefined;
}
