import {
  type Credentials,
  type OAuthProvider,
  oauthCredentials,
  type StoredTokens,
} from "./authorization.ts";
import type { Fetch } from "./exchange.ts";

interface SignIn {
  readonly serverUrl: URL;
  readonly fetchFn: Fetch;
  readonly resourceMetadataUrl?: URL;
  readonly scope?: string;
  /** Without using the refresh token. */
  readonly forceReauthorization?: boolean;
}

/** The part of an SDK that signs in. */
export interface SdkAuth<P> {
  auth(provider: P, options: SignIn): Promise<string>;
  extractWWWAuthenticateParams(challenge: Response): { resourceMetadataUrl?: URL; scope?: string };
}

/** OAuth by an SDK, which may be loaded only when a server refuses a token. */
export function oauthBy<P extends OAuthProvider>(
  load: () => SdkAuth<P> | Promise<SdkAuth<P>>,
  provider: P,
): Credentials {
  let requested: string | undefined;
  return oauthCredentials(provider, async (given, challenge, target) => {
    const sdk = await load();
    const { resourceMetadataUrl, scope } = sdk.extractWWWAuthenticateParams(challenge);
    requested =
      challenge.status === 403
        ? // Without what the grant has, the server would refuse the next of the other requests (SEP-2350).
          union(requested, ((await given.tokens()) as StoredTokens | undefined)?.scope, scope)
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

/** The scopes of all these lists, each once; `undefined` without any. */
function union(...lists: readonly (string | undefined)[]): string | undefined {
  const scopes = lists.flatMap((list) => list?.split(" ") ?? []);
  return [...new Set(scopes)].join(" ").trim() || undefined;
}
