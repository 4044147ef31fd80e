import { base64 } from "../http/base64.ts";

/** What the derived key is for: other uses of the same secret would derive others. */
const PURPOSE = "holdfast/webhook/";

const HMAC = { name: "HMAC", hash: "SHA-256" } as const;

/**
 * The key that signs a principal's webhooks, derived from the worker's secret: a receiver that knows its own can neither
 * sign nor check what goes to another principal. A secret that begins with `whsec_` is the Base64 of the key.
 */
export async function webhookKey(secret: string, principal: string): Promise<Uint8Array<ArrayBuffer>> {
  const written = secret.startsWith("whsec_") ? atob(secret.slice(6)) : undefined;
  const raw = new Uint8Array(
    written === undefined
      ? new TextEncoder().encode(secret)
      : [...written].map((character) => character.charCodeAt(0)),
  );
  return hmac(raw, PURPOSE + principal);
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
