const BOTH = "application/json, text/event-stream";

/**
 * A POST as the SDK takes it: a client that accepts anything, or does not say, accepts both forms of a reply (RFC 9110,
 * 12.5.1). The new request has no body: it has been read.
 */
export function acceptingBoth(request: Request): Request {
  const accept = request.headers.get("accept");
  if (request.method !== "POST" || (accept !== null && !accept.includes("*/*"))) return request;
  const headers = new Headers(request.headers);
  headers.set("accept", BOTH);
  return new Request(request.url, { method: "POST", headers, signal: request.signal });
}

/** A message without what clients that write out every field send as `null`: `params`, and a call's `arguments`. */
export function withoutNulls(body: unknown): unknown {
  if (!isFields(body)) return body;
  const { params, ...message } = body;
  if (params === null) return message;
  if (!isFields(params) || params.arguments !== null) return body;
  const { arguments: _none, ...given } = params;
  return { ...message, params: given };
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
