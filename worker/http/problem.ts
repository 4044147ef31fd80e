import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

const TITLES: Partial<Record<ContentfulStatusCode, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/**
 * An error as every route reports it (RFC 9457). `code` is for programs, `detail` for people; neither may hold a secret.
 * `instance` is the path alone: a query may hold what is not to be repeated.
 */
export function problem(
  c: Context,
  status: ContentfulStatusCode,
  code: string,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return rendered(c, new ProblemError(status, code, detail, headers), c.req.path);
}

/** A thrown problem. The caller receives its text unchanged. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly status: ContentfulStatusCode;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: ContentfulStatusCode,
    code: string,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** @param instance Names this very occurrence, or where it was. */
export function rendered(
  c: Context,
  { status, code, message, headers }: ProblemError,
  instance: string,
): Response {
  const body = {
    type: "about:blank",
    title: TITLES[status] ?? "Error",
    status,
    detail: message,
    instance,
    code,
  };
  return c.body(JSON.stringify(body), status, {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    ...headers,
  });
}

/** `Retry-After` has whole seconds: rounded up, so that nobody comes too early. */
export function retryAfter(ms: number): { readonly "retry-after": string } {
  return { "retry-after": String(Math.max(1, Math.ceil(ms / 1000))) };
}
