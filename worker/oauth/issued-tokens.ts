import type { TokenSummary } from "@cloudflare/workers-oauth-provider";
import type { IssuedTokens } from "../access/issued-tokens.ts";
import type { Bindings } from "../bindings.ts";
import { oauthOf } from "../config/oauth.ts";
import { canSignIn, oauthApi, SCOPE } from "./authorization-server.ts";
import { CONSOLE_SCOPE, consoleResource } from "./console-access.ts";
import { principalOfGrant } from "./grant.ts";
import { resourceAt, wholeResource } from "./resources.ts";

/** The agents' tokens, which open the gateway; undefined if the worker is not an OAuth server. */
export function issuedTokens(env: Bindings): IssuedTokens | undefined {
  if (!oauthOf(env)) return undefined;
  return {
    async principalOf(url, token) {
      const resource = resourceAt(env, url);
      if (!resource) return undefined;
      // A token for all endpoints is one for each of them, and not the other way round.
      const covering = [resource.uri, wholeResource(url.origin).uri];
      return principalOf(env, url, token, SCOPE, (audience) =>
        covering.includes(audience.replace(/\/$/, "")),
      );
    },
    challenge(url, presented) {
      const resource = resourceAt(env, url) ?? wholeResource(url.origin);
      const { origin, pathname } = new URL(resource.uri);
      const parts = [
        'realm="holdfast"',
        ...(presented ? ['error="invalid_token"'] : []),
        ...(canSignIn(url)
          ? [
              `resource_metadata="${origin}/.well-known/oauth-protected-resource${pathname}"`,
              `scope="${SCOPE}"`,
            ]
          : []),
      ];
      return `Bearer ${parts.join(", ")}`;
    },
  };
}

/** The console's tokens, which open the API; undefined if the worker is not an OAuth server. */
export function consoleTokens(env: Bindings): IssuedTokens | undefined {
  if (!oauthOf(env)) return undefined;
  return {
    principalOf: (url, token) =>
      principalOf(env, url, token, CONSOLE_SCOPE, (audience) => audience === consoleResource(url.origin)),
    // No client discovers how to sign in to the API: only the console can.
    challenge: () => 'Bearer realm="holdfast"',
  };
}

/** The principal of a token that has the scope, and an audience that is the resource's. */
async function principalOf(
  env: Bindings,
  url: URL,
  token: string,
  scope: string,
  isMeant: (audience: string) => boolean,
): Promise<string | undefined> {
  if (!canSignIn(url)) return undefined;
  const found: TokenSummary<unknown> | null = await oauthApi(env, url).unwrapToken(token);
  if (!found?.scope.includes(scope) || ![found.audience ?? []].flat().some(isMeant)) return undefined;
  return principalOfGrant(env, found.grant.props);
}
