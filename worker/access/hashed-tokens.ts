import { OWNER, ownerSecretOf } from "../config/owner.ts";
import { type HashedToken, tokensOf } from "../config/tokens.ts";
import { sha256 } from "../http/digest.ts";
import { RecentMap } from "../recent-map.ts";

/** SHA-256 of the token's characters. */
export function tokenHash(token: string): Promise<Uint8Array> {
  return sha256(token);
}

const configured = new WeakMap<object, readonly HashedToken[]>();

/** The tokens that are configured: TOKENS, the demo's, and OWNER_SECRET. They are read once for each env object. */
export async function knownTokens(env: object): Promise<readonly HashedToken[]> {
  const read = configured.get(env);
  if (read) return read;
  const tokens = tokensOf(env);
  const owner = ownerSecretOf(env);
  const all =
    owner === undefined ? tokens : [...tokens, { principal: OWNER, sha256: await tokenHash(owner) }];
  configured.set(env, all);
  return all;
}

/** How many verified tokens of a configuration are remembered, the latest. Others than valid ones never are. */
const MOST_VERIFIED = 1_000;
const verified = new WeakMap<readonly HashedToken[], RecentMap<string, string>>();

/**
 * The principal of a token. A token that was verified before is not hashed again for each request. Any other takes as long
 * whichever of the hashes it has, and if it has none.
 */
export async function principalOfToken(
  token: string,
  known: readonly HashedToken[],
): Promise<string | undefined> {
  const principals = verified.get(known) ?? new RecentMap<string, string>(MOST_VERIFIED);
  verified.set(known, principals);
  const before = principals.get(token);
  if (before !== undefined) return before;
  const principal = principalOfHash(await tokenHash(token), known);
  if (principal !== undefined) principals.set(token, principal);
  return principal;
}

function principalOfHash(sha256: Uint8Array, known: readonly HashedToken[]): string | undefined {
  let principal: string | undefined;
  for (const candidate of known) {
    if (crypto.subtle.timingSafeEqual(sha256, candidate.sha256)) principal = candidate.principal;
  }
  return principal;
}
