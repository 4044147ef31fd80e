import type { auth, extractWWWAuthenticateParams, OAuthClientProvider } from "@modelcontextprotocol/client";
import { type Credentials, oauthCredentials } from "./authorization.ts";

/** The part of the v2 SDK that signs in. */
export interface SdkAuth {
  readonly auth: typeof auth;
  readonly extractWWWAuthenticateParams: typeof extractWWWAuthenticateParams;
}

/** OAuth by the v2 SDK, which may be loaded only when a server refuses a token. */
export function oauthBy(load: () => SdkAuth | Promise<SdkAuth>, provider: OAuthClientProvider): Credentials {
  return oauthCredentials(provider, async (given, challenge, target) => {
    const sdk = await load();
    const { resourceMetadataUrl, scope } = sdk.extractWWWAuthenticateParams(challenge);
    return sdk.auth(given, {
      ...target,
      ...(resourceMetadataUrl && { resourceMetadataUrl }),
      ...(scope !== undefined && { scope }),
      // A refresh gives no scope that the grant lacks (step-up authorization).
      ...(challenge.status === 403 && { forceReauthorization: true }),
    });
  });
}
