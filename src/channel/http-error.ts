import { textOf } from "./response-text.ts";
import { readRetryAfter } from "./retry-after.ts";

/** An HTTP error status. The SDK transports drop the headers and this keeps the one that a poll needs; `requestFailureOf` reads it by shape. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  readonly data: { readonly text: string };
  /** From `Retry-After`, in ms. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, text: string, retryAfterMs?: number) {
    super(text);
    this.status = status;
    this.data = { text };
    this.retryAfterMs = retryAfterMs;
  }

  /**
   * Reads the response to its end.
   * @param now ms since 1970: a `Retry-After` may be a date.
   */
  static async of(response: Response, now: number): Promise<HttpError> {
    const { status, headers } = response;
    const text = await textOf(response).catch(() => "");
    const asks = status === 429 || status === 503;
    return new HttpError(status, text, asks ? readRetryAfter(headers.get("retry-after"), now) : undefined);
  }
}
