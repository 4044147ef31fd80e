import { OWNER, ownerSecretOf } from "../config/owner.ts";
import { type HashedToken, tokensOf } from "../config/tokens.ts";
import { sha256 } from "../http/digest.ts";

/** SHA-256 of the token's characters. */
export function tokenHash(token: string): Promise<Uint8Array> {
  return sha256(token);
}

/** The tokens that are configured: TOKENS, the demo's, and OWNER_SECRET. */
export async function knownTokens(env: object): Promise<readonly HashedToken[]> {
  const tokens = tokensOf(env);
  const owner = ownerSecretOf(env);
  return owner === undefined ? tokens : [...tokens, { principal: OWNER, sha256: await tokenHash(owner) }];
}

/** The principal of a token. Takes as long whichever of the hashes it has, and if it has none. */
export async function principalOfToken(
  token: string,
  known: readonly HashedToken[],
): Promise<string | undefined> {
  const sha256 = await tokenHash(token);
  let principal: string | undefined;
  for (const candidate of known) {
    if (crypto.subtle.timingSafeEqual(sha256, candidate.sha256)) principal = candidate.principal;
  }
  return principal;
}
