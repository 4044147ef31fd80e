import { Attempts } from "../access/attempts.ts";
import { knownTokens, principalOfToken } from "../access/hashed-tokens.ts";

/** Wrong secrets an address may send within a minute, if the platform names it. */
const wrongSecrets = new Attempts(10);

export type BySecret =
  | { readonly ok: true; readonly principal: string }
  | { readonly ok: false; readonly status: 403 | 429; readonly failure: string };

/** The principal whose secret it is: a token of TOKENS, or OWNER_SECRET. */
export async function principalBySecret(
  env: object,
  secret: string,
  address: string | undefined,
): Promise<BySecret> {
  if (address !== undefined && wrongSecrets.waitMs(address, Date.now()) > 0) {
    const failure = "Too many wrong secrets were sent from here. Wait a minute, then try again.";
    return { ok: false, status: 429, failure };
  }
  const principal = await principalOfToken(secret, await knownTokens(env));
  if (principal !== undefined) return { ok: true, principal };
  if (address !== undefined) wrongSecrets.add(address, Date.now());
  return { ok: false, status: 403, failure: "This secret is not known here." };
}
