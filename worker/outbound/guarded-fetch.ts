import { refusalOf } from "./address.ts";

/** The shape the SDKs' transports, their OAuth providers and `jose` take. */
export type FetchLike = (url: string | URL, init?: RequestInit) => Promise<Response>;

export interface GuardedFetchOptions {
  /** Private addresses and plain HTTP may be asked for. A redirect may lead to them on the same host only. */
  readonly allowPrivate: boolean;
  /** Names of headers that, like `Authorization`, never leave the origin they were meant for. */
  readonly secretHeaders?: readonly string[];
  /**
   * The endpoint's address: requests to another origin go without `secretHeaders` from the start. The SDK adds an endpoint's
   * fixed headers also to what it sends to the endpoint's authorization server.
   */
  readonly endpoint?: string;
  /** What does the fetching; by default the worker's own. */
  readonly fetch?: FetchLike;
}

/** A request the worker does not make. Nothing of the request is quoted but the host. */
export class OutboundRefusedError extends Error {
  override readonly name = "OutboundRefusedError";
  readonly host: string;

  constructor(host: string, reason: string) {
    super(`The request to ${host || "no host"} was refused: ${reason}`);
    this.host = host;
  }
}

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** What tells a server who asks, or continues what was begun with another. */
const ALWAYS_SECRET = ["authorization", "cookie", "proxy-authorization", "dpop", "mcp-session-id"];

/** A `fetch` that looks at every address before it goes there, each redirect's too. */
export function guardedFetch(options: GuardedFetchOptions): FetchLike {
  const send = options.fetch ?? ((url, init) => fetch(url, init));
  const { endpoint, secretHeaders = [] } = options;
  const home = endpoint === undefined ? undefined : new URL(endpoint).origin;

  return async (target, init = {}) => {
    let url = parsed(target);
    const { hostname } = url;
    let { allowPrivate } = options;
    const headers = headersOf(init, hostname);
    if (home !== undefined && url.origin !== home) drop(headers, secretHeaders);
    for (let redirects = 0; ; redirects += 1) {
      const refusal = refusalOf(url, { allowPrivate });
      if (refusal) throw new OutboundRefusedError(url.hostname, `its address ${refusal}`);
      const response = await send(url.href, { ...init, headers: new Headers(headers), redirect: "manual" });
      const location = REDIRECTS.has(response.status) ? response.headers.get("location") : null;
      if (location === null) return response;

      await response.body?.cancel();
      if (redirects === MAX_REDIRECTS) throw new OutboundRefusedError(url.hostname, "too many redirects");
      const next = resolved(location, url);
      refuseLoss(response.status, init, url, next);
      if (next.origin !== url.origin) drop(headers, [...ALWAYS_SECRET, ...secretHeaders]);
      // Only the configured host was meant to be private, not what it points at.
      allowPrivate = options.allowPrivate && next.hostname === hostname;
      url = next;
    }
  };
}

function parsed(target: string | URL): URL {
  if (!URL.canParse(target)) throw new OutboundRefusedError("an unknown host", "its address cannot be read");
  return new URL(target);
}

/** The engine's own error quotes the value it does not like, which may be a secret. */
function headersOf(init: RequestInit, host: string): Headers {
  try {
    return new Headers(init.headers);
  } catch {
    throw new OutboundRefusedError(host, "one of its headers cannot be sent");
  }
}

function resolved(location: string, from: URL): URL {
  if (!URL.canParse(location, from.href))
    throw new OutboundRefusedError(from.hostname, "it redirects to an address that cannot be read");
  return new URL(location, from);
}

function drop(headers: Headers, names: readonly string[]): void {
  for (const name of names) headers.delete(name);
}

/** A redirect that would lose a request's body, or show it to a server it was not meant for, is not followed. */
function refuseLoss(status: number, init: RequestInit, from: URL, to: URL): void {
  const method = (init.method ?? "GET").toUpperCase();
  if (method === "GET" || method === "HEAD") return;
  if (status !== 307 && status !== 308)
    throw new OutboundRefusedError(from.hostname, `it answers ${method} with a redirect (${status}) to GET`);
  if (init.body instanceof ReadableStream)
    throw new OutboundRefusedError(from.hostname, "it redirects a body that can be sent only once");
  // What OAuth sends as a form holds its secrets, where no header can be left out.
  if (from.origin !== to.origin && isForm(init))
    throw new OutboundRefusedError(from.hostname, "it redirects a form to another origin");
}

function isForm(init: RequestInit): boolean {
  return (
    init.body instanceof URLSearchParams ||
    new Headers(init.headers).get("content-type")?.startsWith("application/x-www-form-urlencoded") === true
  );
}
