import type {
  OAuthClientInformationMixed,
  OAuthDiscoveryState,
  OAuthTokens,
} from "@modelcontextprotocol/client";
import * as oauth from "oauth4webapi";
import type { FetchLike } from "../outbound/guarded-fetch.ts";

/** What is needed to have a server revoke tokens that it issued. */
export interface IssuedTo {
  readonly tokens: OAuthTokens;
  readonly client: OAuthClientInformationMixed;
  readonly server: OAuthDiscoveryState;
}

/**
 * Has the authorization server revoke a grant's tokens (RFC 7009). The refresh token comes first: servers end the grant with
 * it, and need not end it with an access token (section 2.1).
 * @returns false if the server has no revocation endpoint.
 * @throws Error if the server cannot be reached, or refuses.
 */
export async function revokeTokens({ tokens, client, server }: IssuedTo, send: FetchLike): Promise<boolean> {
  const metadata = server.authorizationServerMetadata as oauth.AuthorizationServer | undefined;
  if (metadata?.revocation_endpoint === undefined) return false;
  const { access_token, refresh_token } = tokens;
  for (const [hint, token] of Object.entries({ refresh_token, access_token })) {
    if (token === undefined) continue;
    const reply = await oauth.revocationRequest(
      metadata,
      { client_id: client.client_id },
      authenticationOf(client, metadata),
      token,
      {
        additionalParameters: { token_type_hint: hint },
        [oauth.customFetch]: (url: string, init: object) => send(url, init as RequestInit),
        // The guarded fetch decides which addresses may be asked for.
        [oauth.allowInsecureRequests]: true,
      },
    );
    await oauth.processRevocationResponse(reply);
  }
  return true;
}

function authenticationOf(
  client: OAuthClientInformationMixed,
  metadata: oauth.AuthorizationServer,
): oauth.ClientAuth {
  const { client_secret } = client;
  if (client_secret === undefined) return oauth.None();
  const supported =
    metadata.revocation_endpoint_auth_methods_supported ?? metadata.token_endpoint_auth_methods_supported;
  const registered = "token_endpoint_auth_method" in client ? client.token_endpoint_auth_method : undefined;
  const usesBasic = registered
    ? registered === "client_secret_basic"
    : (supported?.includes("client_secret_basic") ?? true);
  return usesBasic ? oauth.ClientSecretBasic(client_secret) : oauth.ClientSecretPost(client_secret);
}
