import type { AuthenticationResponseJSON } from "@simplewebauthn/server";
import * as z from "zod";
import { knownTokens } from "../access/hashed-tokens.ts";
import type { Bindings } from "../bindings.ts";
import { directoryOf } from "../directory/directory-stub.ts";
import { base64url } from "../http/base64.ts";
import type { PasskeySite } from "../passkey/passkeys.ts";
import { userHandleOf } from "../passkey/user-handle.ts";

/** Of more principals than that it is not asked whether they have passkeys: the page offers to sign in with one. */
const MOST_ASKED = 10;

/** What `PublicKeyCredential.toJSON()` makes of an assertion, as far as it is used. */
const assertion = z
  .object({
    id: z.string().max(1_400),
    rawId: z.string(),
    type: z.literal("public-key"),
    response: z.object({
      clientDataJSON: z.string(),
      authenticatorData: z.string(),
      signature: z.string(),
      userHandle: z.string(),
    }),
  })
  .transform((fields) => ({ ...fields, clientExtensionResults: {} }) satisfies AuthenticationResponseJSON);

/** The origin that passkeys are made for; undefined for a host that is an address, for which browsers make none. */
export function passkeySiteOf({ origin, hostname }: URL): PasskeySite | undefined {
  return /^[\d.]+$|:/.test(hostname) ? undefined : { origin, hostname };
}

/** The challenge of the page with this handle, which is made for one browser and good once. */
export async function challengeOf(handle: string): Promise<string> {
  const text = new TextEncoder().encode(`holdfast challenge ${handle}`);
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", text)));
}

/** Whether anybody who signs in here with a secret may have a passkey. */
export async function hasPasskeys(env: Bindings): Promise<boolean> {
  const principals = await secretHolders(env);
  if (principals.length > MOST_ASKED) return true;
  const lists = await Promise.all(principals.map((principal) => directoryOf(env, principal).passkeys()));
  return lists.some((list) => list.length > 0);
}

/**
 * The principal who signed the challenge of a page with a passkey; undefined if nobody did. Only principals that have a secret
 * are looked up, so that nobody opens objects under made-up names.
 * @param text The assertion as JSON.
 */
export async function principalByPasskey(
  env: Bindings,
  url: URL,
  handle: string,
  text: string,
): Promise<string | undefined> {
  const site = passkeySiteOf(url);
  const response = assertionIn(text);
  if (!site || !response) return undefined;
  for (const principal of await secretHolders(env)) {
    if (base64url(await userHandleOf(principal)) !== response.response.userHandle) continue;
    const isSigned = await directoryOf(env, principal).usePasskey(site, await challengeOf(handle), response);
    return isSigned ? principal : undefined;
  }
  return undefined;
}

async function secretHolders(env: Bindings): Promise<readonly string[]> {
  return [...new Set((await knownTokens(env)).map(({ principal }) => principal))];
}

function assertionIn(text: string): AuthenticationResponseJSON | undefined {
  try {
    return assertion.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
