import type { MiddlewareHandler } from "hono";
import { jwtOf } from "../config/jwt.ts";
import { problem, retryAfter } from "../http/problem.ts";
import { log } from "../operations/log.ts";
import type { FetchLike } from "../outbound/guarded-fetch.ts";
import { Attempts } from "./attempts.ts";
import { knownTokens, principalOfToken } from "./hashed-tokens.ts";
import { type IssuedTokens, isIssued } from "./issued-tokens.ts";
import { type JwtVerifier, jwtVerifier, KeysUnavailableError } from "./jwt.ts";
import { presentedToken } from "./presented-token.ts";

/** What the middleware leaves for the routes behind it. */
export interface AccessVariables {
  /** Who calls: 1 to 128 of A-Z a-z 0-9 _ . @ | : -. */
  principal: string;
  /** Whether the token was issued here for some hours, not configured. */
  isIssued: boolean;
}

export interface AccessOptions<B extends object = object> {
  /** What fetches the issuer's keys; by default the worker's own `fetch`. It is guarded either way. */
  readonly fetch?: FetchLike;
  /** The tokens that this worker issues as an OAuth server; undefined for a deployment that is not one. */
  readonly issued?: (env: B) => IssuedTokens | undefined;
}

/**
 * Wrong tokens an address may present within a minute: a person who mistypes needs fewer. Verifying a JWT costs a public-key
 * operation. Counted over the whole isolate, whichever route the tokens are presented to.
 */
const wrongTokens = new Attempts(30);

/**
 * Rejects a request without a known principal. The answer does not distinguish a missing token from an unknown or expired
 * one. An address that presents many wrong ones is answered 429 for a minute, if the platform names it
 * (`CF-Connecting-IP`).
 */
export function access<B extends object>(
  options: AccessOptions<B> = {},
): MiddlewareHandler<{ Bindings: B; Variables: AccessVariables }> {
  const verifiers = new WeakMap<object, JwtVerifier>();

  const verifierOf = (env: object): JwtVerifier | undefined => {
    const config = jwtOf(env);
    if (!config) return undefined;
    const verifier = verifiers.get(config) ?? jwtVerifier(config, options.fetch);
    verifiers.set(config, verifier);
    return verifier;
  };

  return async (c, next) => {
    // Read before the token is: a wrong configuration shows at the first request, with any token.
    const known = await knownTokens(c.env);
    const verify = verifierOf(c.env);
    const issued = options.issued?.(c.env);
    const token = presentedToken(c.req.header("authorization"));
    const { header } = jwtOf(c.env) ?? {};
    const jwt = header === undefined ? token : c.req.header(header);
    const address = c.req.header("cf-connecting-ip");
    try {
      let principal = token === undefined ? undefined : await principalOfToken(token, known);
      const byGrant =
        principal === undefined && issued !== undefined && token !== undefined && isIssued(token);
      // Those expire in their clients' hands, and a cloud's clients share its addresses: such a token is not counted as wrong.
      if (byGrant) {
        principal = await issued.principalOf(new URL(c.req.url), token);
      } else if (principal === undefined && (token ?? jwt) !== undefined) {
        const waitMs = address === undefined ? 0 : wrongTokens.waitMs(address, Date.now());
        if (waitMs > 0) {
          return problem(c, 429, "too-many-wrong-tokens", "Too many wrong tokens came from this address.", {
            ...retryAfter(waitMs),
            "cache-control": "no-store",
          });
        }
        if (jwt !== undefined) principal = await verify?.(jwt);
        if (principal === undefined && address !== undefined) wrongTokens.add(address, Date.now());
      }
      if (principal === undefined) {
        return problem(c, 401, "unauthorized", "A valid bearer token is needed.", {
          "www-authenticate":
            issued?.challenge(new URL(c.req.url), token !== undefined) ?? 'Bearer realm="holdfast"',
          "cache-control": "no-store",
        });
      }
      c.set("principal", principal);
      c.set("isIssued", byGrant);
    } catch (error) {
      if (!(error instanceof KeysUnavailableError)) throw error;
      log("jwks-unavailable", { reason: reasonOf(error.cause) });
      return problem(c, 503, "keys-unavailable", "Tokens cannot be verified at the moment.", {
        "retry-after": "5",
        "cache-control": "no-store",
      });
    }
    await next();
  };
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : "unknown";
}
