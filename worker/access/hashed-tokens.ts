import type { HashedToken } from "../config/tokens.ts";

/** The principal of a token. Takes as long whichever of the hashes it has, and if it has none. */
export async function principalOfToken(
  token: string,
  known: readonly HashedToken[],
): Promise<string | undefined> {
  const sha256 = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  let principal: string | undefined;
  for (const candidate of known) {
    if (crypto.subtle.timingSafeEqual(sha256, candidate.sha256)) principal = candidate.principal;
  }
  return principal;
}
