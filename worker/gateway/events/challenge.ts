import { isObject } from "../../../front/client-capabilities.ts";
import { signedPost } from "../../group/signed-post.ts";
import { secretKey } from "../../group/webhook-key.ts";
import { type FetchLike, guardedFetch } from "../../outbound/guarded-fetch.ts";

/** How much of the callback's reply is read, in bytes. */
const MAX_REPLY_BYTES = 4_096;

export interface Challenged {
  /** The subscription's id. */
  readonly id: string;
  readonly url: string;
  readonly secret: string;
  readonly allowPrivate: boolean;
  /** What does the fetching; by default the worker's own. It is guarded either way. */
  readonly fetch?: FetchLike;
}

/** Why a callback was not verified, as MCP Events names it. Nothing of its reply is in it. */
export type ChallengeFailure =
  | "timeout"
  | "connection_refused"
  | "http_4xx"
  | "http_5xx"
  | "challenge_failed";

/**
 * Has a callback prove that it wants deliveries (MCP Events, "Endpoint verification"): otherwise anybody could have a stranger's
 * address flooded. Resolves with undefined once it has echoed the challenge.
 */
export async function challenge({
  id,
  url,
  secret,
  allowPrivate,
  fetch,
}: Challenged): Promise<ChallengeFailure | undefined> {
  const nonce = crypto.randomUUID() + crypto.randomUUID();
  const guarded = guardedFetch({ allowPrivate, maxBytes: MAX_REPLY_BYTES, ...(fetch && { fetch }) });
  try {
    const reply = await signedPost(guarded, {
      url,
      id: `msg_verification_${crypto.randomUUID()}`,
      body: JSON.stringify({ type: "verification", challenge: nonce }),
      keys: [secretKey(secret)],
      headers: { "x-mcp-subscription-id": id },
    });
    const text = await reply.text();
    if (reply.status >= 500) return "http_5xx";
    if (reply.status >= 400) return "http_4xx";
    return reply.ok && echoes(text, nonce) ? undefined : "challenge_failed";
  } catch (error) {
    return error instanceof Error && error.name === "TimeoutError" ? "timeout" : "connection_refused";
  }
}

function echoes(text: string, nonce: string): boolean {
  try {
    const reply: unknown = JSON.parse(text);
    if (!isObject(reply) || typeof reply.challenge !== "string") return false;
    const [echoed, expected] = [reply.challenge, nonce].map((value) => new TextEncoder().encode(value));
    return (
      echoed !== undefined &&
      expected !== undefined &&
      echoed.byteLength === expected.byteLength &&
      crypto.subtle.timingSafeEqual(echoed, expected)
    );
  } catch {
    return false;
  }
}
