import { refusalOf } from "./address.ts";
import { bounded } from "./bounded-body.ts";
import { type Redactor, redacted } from "./redaction.ts";

/** The shape the SDKs' transports, their OAuth providers and `jose` take. */
export type FetchLike = (url: string | URL, init?: RequestInit) => Promise<Response>;

export interface GuardedFetchOptions {
  /**
   * Whether private addresses and plain HTTP may be asked for: of any host, or of these host names alone. A list
   * keeps addresses that a server names (OAuth metadata, say) from reaching further into a private network.
   */
  readonly allowPrivate: boolean | readonly string[];
  /** Names of headers that, like `Authorization`, never leave the origin they were meant for. */
  readonly secretHeaders?: readonly string[];
  /**
   * The endpoint's address: requests to another origin go without `secretHeaders` from the start. The SDK adds an endpoint's
   * fixed headers also to what it sends to the endpoint's authorization server.
   */
  readonly endpoint?: string;
  /** The longest reply that is read, in bytes; of an event stream, the longest event. 16 MiB unless given. */
  readonly maxBytes?: number;
  /** Removes configured secrets from replies, wherever a server repeats them. */
  readonly redactor?: Redactor;
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
const DEFAULT_MAX_BYTES = 16 * 2 ** 20;
/** An error page is read as far as this, in bytes. A JSON-RPC error is shorter. */
const MAX_ERROR_BYTES = 64 * 2 ** 10;

/** Headers that identify the caller, or continue a session with another server. */
const ALWAYS_SECRET = ["authorization", "cookie", "proxy-authorization", "dpop", "mcp-session-id"];

/**
 * A `fetch` that checks each address before it goes there, also that of each redirect, and bounds and redacts what comes
 * back. `redirect: "manual"` and `"error"` are honoured. Throws an {@link OutboundRefusedError}.
 */
export function guardedFetch(options: GuardedFetchOptions): FetchLike {
  const send = options.fetch ?? ((url, init) => fetch(url, init));
  const { endpoint, secretHeaders = [], redactor, maxBytes = DEFAULT_MAX_BYTES } = options;
  const home = endpoint === undefined ? undefined : new URL(endpoint).origin;

  return async (target, init = {}) => {
    let url = parsed(target);
    const { hostname } = url;
    const meant = mayBePrivate(options.allowPrivate, hostname);
    let allowPrivate = meant;
    let headers = headersOf(init, hostname);
    if (home !== undefined && url.origin !== home) headers = without(headers, secretHeaders);
    for (let redirects = 0; ; redirects += 1) {
      const refusal = refusalOf(url, { allowPrivate });
      if (refusal) throw new OutboundRefusedError(url.hostname, `its address ${refusal}`);
      const response = await send(url.href, { ...init, headers, redirect: "manual" });
      const location = REDIRECTS.has(response.status) ? response.headers.get("location") : null;
      if (location === null || init.redirect === "manual") {
        const limit = response.ok ? maxBytes : Math.min(maxBytes, MAX_ERROR_BYTES);
        return redacted(await bounded(response, limit), redactor);
      }

      await response.body?.cancel();
      if (init.redirect === "error")
        throw new OutboundRefusedError(url.hostname, "it answers with a redirect, and none is followed here");
      if (redirects === MAX_REDIRECTS) throw new OutboundRefusedError(url.hostname, "too many redirects");
      const next = resolved(location, url);
      refuseLoss(response.status, init, url, next);
      if (next.origin !== url.origin) headers = without(headers, [...ALWAYS_SECRET, ...secretHeaders]);
      // Only the configured host was meant to be private, not what it points at.
      allowPrivate = meant && next.hostname === hostname;
      url = next;
    }
  };
}

function mayBePrivate(allow: boolean | readonly string[], hostname: string): boolean {
  return typeof allow === "boolean" ? allow : allow.includes(hostname);
}

function parsed(target: string | URL): URL {
  if (target instanceof URL) return target;
  if (!URL.canParse(target)) throw new OutboundRefusedError("an unknown host", "its address cannot be read");
  return new URL(target);
}

/** The engine's own error quotes the value it does not like, which may be a secret. */
function headersOf(init: RequestInit, host: string): Headers {
  if (init.headers instanceof Headers) return init.headers;
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

function without(headers: Headers, names: readonly string[]): Headers {
  const kept = new Headers(headers);
  for (const name of names) kept.delete(name);
  return kept;
}

/** A redirect that would lose a request's body, or show it to a server it was not meant for, is not followed. */
function refuseLoss(status: number, init: RequestInit, from: URL, to: URL): void {
  const method = (init.method ?? "GET").toUpperCase();
  if (method === "GET" || method === "HEAD") return;
  if (status !== 307 && status !== 308)
    throw new OutboundRefusedError(from.hostname, `it answers ${method} with a redirect (${status}) to GET`);
  if (init.body instanceof ReadableStream)
    throw new OutboundRefusedError(from.hostname, "it redirects a body that can be sent only once");
  // A call's arguments and an OAuth form hold what was meant for this server, where no header can be left out.
  if (from.origin !== to.origin)
    throw new OutboundRefusedError(from.hostname, `it redirects ${method} to another origin`);
}
