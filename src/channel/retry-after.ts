/** Thrown out of `fetch` when a server says when to come back; the channel reads it by shape. */
export class RetryLaterError extends Error {
  override readonly name = "RetryLaterError";
  readonly status: number;
  readonly retryAfterMs: number;

  constructor(status: number, retryAfterMs: number) {
    super(`The server asks to be left alone for ${retryAfterMs} ms`);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/**
 * The SDK transports drop the headers of an error response; this keeps the one a poll needs.
 * It reads both forms of `Retry-After` (RFC 9110, 10.2.3).
 */
export function fetchHeedingRetryAfter(fetch: Fetch): Fetch {
  return async (url, init) => {
    const response = await fetch(url, init);
    if (response.status !== 429 && response.status !== 503) return response;
    const retryAfterMs = readRetryAfter(response.headers.get("retry-after"), Date.now());
    if (retryAfterMs === undefined) return response;
    await response.body?.cancel();
    throw new RetryLaterError(response.status, retryAfterMs);
  };
}

export function readRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
