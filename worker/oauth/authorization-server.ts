import { OAuthAuthorizationServer, type OAuthHelpers } from "@cloudflare/workers-oauth-provider";
import { Attempts } from "../access/attempts.ts";
import type { Bindings } from "../bindings.ts";
import { ProblemError } from "../http/problem.ts";
import { log } from "../operations/log.ts";
import { CONSOLE_ACCESS_S, CONSOLE_SCOPE, consoleResource, isForConsole } from "./console-access.ts";
import { resourcesAt, wholeResource } from "./resources.ts";

/** The scope of agents' tokens: they may do at the gateway what their principal may. */
export const SCOPE = "mcp";
/** `offline_access` is what some clients ask for to get a refresh token. All get one. */
const SCOPES: readonly string[] = [SCOPE, "offline_access"];

/** How long an access token lives, in seconds. */
const ACCESS_S = 3_600;
/** How long a grant lives that nobody uses, in seconds: some clients refresh only when a person reconnects. */
const GRANT_S = 30 * 24 * 3_600;

/** Registrations of one address within a minute. Each takes a row of the KV namespace, and needs no sign-in. */
const registrations = new Attempts(20);

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Whether people can sign in at this origin: codes and tokens do not travel without TLS, but for the machine's own. */
export function canSignIn({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || LOOPBACK.test(hostname);
}

/**
 * The authorization server of the origin that a request came to.
 * @throws ProblemError 403 over plain HTTP.
 */
export function authorizationServer(env: Bindings, url: URL): OAuthAuthorizationServer<Bindings> {
  if (!canSignIn(url)) throw new ProblemError(403, "https-needed", "Sign-in needs HTTPS.");
  const { origin } = url;
  return new OAuthAuthorizationServer<Bindings>({
    issuer: origin,
    // Some clients name the address they were given, with the slash at its end.
    resources: [...resourcesAt(env, origin).flatMap(({ uri }) => [uri, `${uri}/`]), consoleResource(origin)],
    // Some clients do not say which resource they mean.
    defaultResource: wholeResource(origin).uri,
    scopesSupported: [...SCOPES],
    clientRegistrationEndpoint: "/oauth/register",
    clientIdMetadataDocumentEnabled: true,
    accessTokenTTL: ACCESS_S,
    refreshTokenTTL: GRANT_S,
    refreshTokenIdleTTL: GRANT_S,
    tokenExchangeCallback: ({ resource }) =>
      isForConsole({ resource }, origin)
        ? { accessTokenTTL: CONSOLE_ACCESS_S, refreshTokenTTL: 0 }
        : undefined,
    clientRegistrationCallback: ({ request }) => refusalOfRegistration(request),
    onError: ({ status, code, internal }) =>
      log("oauth-refused", { status, code, category: internal?.category, reason: internal?.reason }),
  });
}

export function oauthApi(env: Bindings, url: URL): OAuthHelpers {
  return authorizationServer(env, url).getOAuthApi(env);
}

/**
 * The scopes of a grant: those that were asked for and exist, and always the one that a token needs to be of use. The console's
 * is of no use at the gateway.
 */
export function grantedScopes(asked: readonly string[], forConsole: boolean): string[] {
  return forConsole ? [CONSOLE_SCOPE] : SCOPES.filter((scope) => scope === SCOPE || asked.includes(scope));
}

function refusalOfRegistration(
  request: Request,
): { code: string; description: string; status: number } | undefined {
  const address = request.headers.get("cf-connecting-ip");
  if (address === null) return undefined;
  const now = Date.now();
  if (registrations.waitMs(address, now) > 0)
    return {
      code: "temporarily_unavailable",
      description: "Too many registrations from this address",
      status: 429,
    };
  registrations.add(address, now);
  return undefined;
}
