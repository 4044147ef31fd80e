import type { RequestTarget } from "../engine/request-failed.ts";
import type { RequestFailure } from "../engine/request-failure.ts";
import { explained } from "./failure-text.ts";

/** The error with what it lacks, also the likely cause of a failure of the network or of CORS in Node, Deno and browsers. */
export function explainedHere(error: unknown, target: RequestTarget): unknown {
  return explained(error, target, causeHere);
}

/**
 * The likely cause of a network failure, by the codes of Node and Deno. A browser says nothing to the page: it may be any of these,
 * or CORS. A server that misses the id of a session may have sent it where the page cannot read it.
 */
function causeHere({ kind, message }: RequestFailure, address: string): string | undefined {
  const page = (globalThis as { readonly location?: { readonly origin: string; readonly protocol: string } })
    .location;
  const isForeign = page && page.origin !== new URL(address).origin;
  if (isForeign && (kind === "http" || kind === "rpc") && /session/i.test(message))
    return `Does it expose the header mcp-session-id to ${page.origin} by CORS?`;
  if (kind !== "network") return undefined;
  if (/ECONNREFUSED/.test(message))
    return "Nothing listens there: is the server running, and is the port right?";
  if (/ENOTFOUND|EAI_AGAIN/.test(message)) return "Its host name is unknown: is it spelled right?";
  if (/CERT|SSL|TLS/.test(message)) return "Its TLS certificate is not trusted here.";
  // Chromium, Firefox and Safari, in this order.
  if (!page || !/failed to fetch|NetworkError|load failed/i.test(message)) return undefined;
  if (page.protocol === "https:" && address.startsWith("http:"))
    return "A page of https cannot go to an address of http.";
  if (!isForeign) return "Is the server running?";
  return `Is the server running, and does it allow ${page.origin} by CORS, with the header mcp-session-id exposed?`;
}
