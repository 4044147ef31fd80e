import type { IssuedTokens } from "../access/issued-tokens.ts";
import type { Bindings } from "../bindings.ts";
import { oauthOf } from "../config/oauth.ts";
import { canSignIn, oauthApi, SCOPE } from "./authorization-server.ts";
import { principalOfGrant } from "./grant.ts";
import { resourceAt, wholeResource } from "./resources.ts";

/** The tokens issued here; undefined where the worker is no OAuth server. */
export function issuedTokens(env: Bindings): IssuedTokens | undefined {
  if (!oauthOf(env)) return undefined;
  return {
    async principalOf(url, token) {
      const resource = resourceAt(env, url);
      if (!resource || !canSignIn(url)) return undefined;
      const found = await oauthApi(env, url).unwrapToken(token);
      if (!found?.scope.includes(SCOPE)) return undefined;
      // A token for all endpoints is one for each of them, and not the other way round.
      const covering = [resource.uri, wholeResource(url.origin).uri];
      if (![found.audience ?? []].flat().some((audience) => covering.includes(audience.replace(/\/$/, ""))))
        return undefined;
      return principalOfGrant(env, found.grant.props);
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
