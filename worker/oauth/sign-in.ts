import { Attempts } from "../access/attempts.ts";
import { knownTokens, principalOfToken } from "../access/hashed-tokens.ts";
import type { Bindings } from "../bindings.ts";
import type { PageForm } from "./form.ts";
import { issuerName } from "./identity.ts";
import { challengeOf, hasPasskeys, passkeySiteOf, principalByPasskey } from "./passkey-sign-in.ts";
import type { SignInWays } from "./sign-in-forms.ts";

/** Wrong secrets and passkeys an address may send within a minute, if the platform names it. */
const wrong = new Attempts(10);

export type SignedInHere =
  | { readonly ok: true; readonly principal: string }
  | { readonly ok: false; readonly status: 403 | 429; readonly failure: string };

/** How a person may sign in on a page with this handle. */
export async function signInWays(env: Bindings, url: URL, handle: string): Promise<SignInWays> {
  const takesSecrets = (await knownTokens(env)).length > 0;
  const passkeys =
    takesSecrets && passkeySiteOf(url)
      ? { challenge: await challengeOf(handle), exist: await hasPasskeys(env) }
      : undefined;
  return { handle, issuer: issuerName(env), takesSecrets, passkeys };
}

/**
 * The principal who signs in on a page here: with a token of TOKENS, with OWNER_SECRET, or with a passkey.
 * @param address Where the request came from, if the platform says so.
 */
export async function signedInHere(
  env: Bindings,
  url: URL,
  { decision, handle, passkey, secret }: PageForm,
  address: string | undefined,
): Promise<SignedInHere> {
  if (address !== undefined && wrong.waitMs(address, Date.now()) > 0) {
    const failure = "Too many wrong secrets were sent from here. Wait a minute, then try again.";
    return { ok: false, status: 429, failure };
  }
  const byPasskey = decision === "passkey";
  const principal = byPasskey
    ? await principalByPasskey(env, url, handle, passkey)
    : await principalOfToken(secret, await knownTokens(env));
  if (principal !== undefined) return { ok: true, principal };
  if (address !== undefined) wrong.add(address, Date.now());
  const failure = byPasskey ? "This passkey is not known here." : "This secret is not known here.";
  return { ok: false, status: 403, failure };
}
