import type {
  auth,
  computeScopeUnion,
  extractWWWAuthenticateParams,
  OAuthClientProvider,
} from "@modelcontextprotocol/client";
import { type Credentials, oauthCredentials } from "./authorization.ts";

/** The part of the v2 SDK that signs in. */
export interface SdkAuth {
  readonly auth: typeof auth;
  readonly extractWWWAuthenticateParams: typeof extractWWWAuthenticateParams;
  readonly computeScopeUnion: typeof computeScopeUnion;
}

/** OAuth by the v2 SDK, which may be loaded only when a server refuses a token. */
export function oauthBy(load: () => SdkAuth | Promise<SdkAuth>, provider: OAuthClientProvider): Credentials {
  let requested: string | undefined;
  return oauthCredentials(provider, async (given, challenge, target) => {
    const sdk = await load();
    const { resourceMetadataUrl, scope } = sdk.extractWWWAuthenticateParams(challenge);
    requested =
      challenge.status === 403
        ? // Without what the grant has, the server would refuse the next of the other requests (SEP-2350).
          sdk.computeScopeUnion(requested, (await given.tokens())?.scope, scope)
        : scope;
    return sdk.auth(given, {
      ...target,
      ...(resourceMetadataUrl && { resourceMetadataUrl }),
      ...(requested !== undefined && { scope: requested }),
      // A refresh gives no scope that the grant lacks (step-up authorization).
      ...(challenge.status === 403 && { forceReauthorization: true }),
    });
  });
}
