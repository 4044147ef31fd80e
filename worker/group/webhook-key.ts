import { base64 } from "../http/base64.ts";

/** What the derived key is for: other uses of the same secret would derive others. */
const PURPOSE = "holdfast/webhook/";

const HMAC = { name: "HMAC", hash: "SHA-256" } as const;

/**
 * The key that signs a principal's webhooks, derived from the worker's secret: a receiver that knows its own can neither
 * sign nor check what goes to another principal. A secret that begins with `whsec_` is the Base64 of the key.
 */
export async function webhookKey(secret: string, principal: string): Promise<Uint8Array<ArrayBuffer>> {
  return hmac(secretKey(secret), PURPOSE + principal);
}

/** The bytes of a secret: of one that begins with `whsec_`, what its Base64 says. Throws a DOMException for text that is not Base64. */
export function secretKey(secret: string): Uint8Array<ArrayBuffer> {
  if (!secret.startsWith("whsec_")) return new Uint8Array(new TextEncoder().encode(secret));
  return new Uint8Array([...atob(secret.slice(6))].map((character) => character.charCodeAt(0)));
}

/** The same as receivers configure it (standardwebhooks.com). */
export async function webhookSecret(secret: string, principal: string): Promise<string> {
  return `whsec_${base64(await webhookKey(secret, principal))}`;
}

/** `v1,` and the HMAC-SHA256 of the text in Base64. */
export async function webhookSignature(key: Uint8Array<ArrayBuffer>, text: string): Promise<string> {
  return `v1,${base64(await hmac(key, text))}`;
}

async function hmac(raw: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey("raw", raw, HMAC, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text)));
}
