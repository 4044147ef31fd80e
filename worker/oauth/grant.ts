import type { AuthRequest, OAuthHelpers } from "@cloudflare/workers-oauth-provider";
import * as z from "zod";
import { knownTokens } from "../access/hashed-tokens.ts";
import { principalSchema } from "../config/names.ts";
import { isAllowed, oauthOf } from "../config/oauth.ts";
import { grantedScopes } from "./authorization-server.ts";
import { checkConsole, isForConsole } from "./console-access.ts";
import { userIdOf } from "./user-id.ts";

/** Who signed in, sealed in the grant: only a token of it opens it. */
const signedIn = z.object({ principal: principalSchema, by: z.enum(["token", "sign-in"]) });

export type SignedIn = z.output<typeof signedIn>;

/** What a list of grants shows of each. Stored unencrypted. */
const grantFacts = z.object({ client: z.string(), redirectHost: z.string() });

export type GrantFacts = z.output<typeof grantFacts>;

export function grantFactsOf(metadata: unknown): GrantFacts {
  return grantFacts.catch({ client: "", redirectHost: "" }).parse(metadata);
}

/**
 * Grants what was asked for at an origin. Resolves with the client's address to go back to.
 * @throws AuthorizationError for a request for the API that is not the console's.
 */
export async function grant(
  oauth: OAuthHelpers,
  request: AuthRequest,
  props: SignedIn,
  origin: string,
): Promise<string> {
  checkConsole(request, origin);
  const forConsole = isForConsole(request, origin);
  const { clientName, redirectHost, redirectIsLoopback } = await oauth.describeConsent(request);
  const client = forConsole ? "The console" : clientName.slice(0, 100);
  const { redirectTo } = await oauth.completeAuthorization({
    request,
    userId: userIdOf(props.principal),
    metadata: { client, redirectHost } satisfies GrantFacts,
    scope: grantedScopes(request.scope, forConsole),
    // One client metadata document describes an app on all of a person's computers, and they may use the same port.
    revokeExistingGrants: !redirectIsLoopback,
    props,
  });
  return redirectTo;
}

/** The principal of a grant, for as long as the deployment lets that principal in. */
export async function principalOfGrant(env: object, props: unknown): Promise<string | undefined> {
  const found = signedIn.safeParse(props).data;
  if (!found) return undefined;
  const { principal, by } = found;
  switch (by) {
    case "token": {
      const known = await knownTokens(env);
      return known.some((token) => token.principal === principal) ? principal : undefined;
    }
    case "sign-in": {
      const { signIn } = oauthOf(env) ?? {};
      if (!signIn?.issuer || !principal.startsWith(signIn.principalPrefix)) return undefined;
      return isAllowed(signIn, principal.slice(signIn.principalPrefix.length)) ? principal : undefined;
    }
  }
}
