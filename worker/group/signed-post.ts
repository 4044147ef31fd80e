import { webhookSignature } from "./webhook-key.ts";

const TIMEOUT_MS = 15_000;

/** A message to a webhook, signed by the Standard Webhooks scheme (standardwebhooks.com). */
export interface SignedPost {
  readonly url: string;
  /** The `webhook-id`: the same for each attempt of a delivery. */
  readonly id: string;
  readonly body: string;
  /** One signature each: two while a secret is rotated. */
  readonly keys: readonly Uint8Array<ArrayBuffer>[];
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Signs and posts a message. Follows no redirect: the message is for this address alone. Rejects as `fetch` does, and with a
 * `TimeoutError` after 15 s.
 */
export async function signedPost(
  fetch: (url: string, init?: RequestInit) => Promise<Response>,
  { url, id, body, keys, headers }: SignedPost,
): Promise<Response> {
  const seconds = Math.floor(Date.now() / 1000);
  const signatures = await Promise.all(keys.map((key) => webhookSignature(key, `${id}.${seconds}.${body}`)));
  return fetch(url, {
    method: "POST",
    body,
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: {
      ...headers,
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(seconds),
      "webhook-signature": signatures.join(" "),
    },
  });
}
