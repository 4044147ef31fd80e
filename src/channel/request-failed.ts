import { knownFailure } from "../engine/request-failed.ts";
import type { RequestFailure } from "../engine/request-failure.ts";
import { isObject } from "../protocol/json.ts";
import { integerId, MODERN_ERRORS, type RpcErrorBody, readRpcError } from "../protocol/json-rpc.ts";

/** The most of a server's text that an error shows, in characters. */
const EXCERPT_LENGTH = 300;

export function rpcFailure(error: RpcErrorBody): RequestFailure & { kind: "rpc" } {
  return { kind: "rpc", error, message: `${excerpt(error.message)} (${error.code})` };
}

/** The reply came, and nobody can read it. */
export function unreadable(text: string, contentType?: string | null): RequestFailure {
  const type = contentType?.split(";")[0];
  const of = type && type !== "application/json" ? ` of type ${excerpt(type)}` : "";
  const said = excerpt(text);
  const how = text.trim() ? `unreadable${said && `: ${said}`}` : "empty";
  return { kind: "malformed", message: `The reply${of} is ${how}` };
}

/**
 * Says what a transport's `send` threw. The two SDK majors and plain `fetch` throw different
 * classes, and an app may load its own copy of an SDK: so their shape tells them apart. `id` is the
 * request's: without it an HTTP error is never taken for the reply to one.
 */
export function requestFailureOf(thrown: unknown, id?: number): RequestFailure {
  const known = knownFailure(thrown);
  if (known) return known;
  const error = thrown as Partial<
    Record<"name" | "message" | "code" | "data" | "status" | "retryAfterMs" | "cause", unknown>
  >;
  const thrownText = typeof error?.message === "string" ? error.message : String(thrown);
  const message = excerpt(thrownText.replace(SDK_WORDS, ""));
  if (error?.name === "UnauthorizedError") return { kind: "unauthorized", message };
  // A guarded fetch does not read on: asking again would bring the same.
  if (error?.name === "ReplyTooLongError") return { kind: "oversized", message };
  // A schema's complaints are of no use to anybody who does not maintain the server.
  if (error?.name === "ZodError")
    return { kind: "malformed", message: "The reply is unreadable: it is not a JSON-RPC message" };
  if (thrown instanceof SyntaxError) return { kind: "malformed", message };
  const data = isObject(error?.data) ? error.data : {};
  const status = [data.status, error?.status, error?.code].find(isHttpStatus);
  if (status === undefined) {
    const code = codeOf(error?.cause);
    const unsent = UNCONNECTED.test(code) && ({ unsent: true } as const);
    return { kind: "network", message: `${message}${code && ` (${code})`}`, ...unsent };
  }
  // A server that sends the client elsewhere has done nothing with the request.
  if (status < 400) return { kind: "http", status, message: `HTTP ${status}: ${message}`, unsent: true };
  if (status === 401) return { kind: "unauthorized", message: message || "Unauthorized" };
  const body = readBody(typeof data.text === "string" ? data.text : String(error?.message));
  const ours = body && (integerId(body.id) === id || MODERN_ERRORS.includes(body.error.code));
  if (ours && status !== 429) return { ...rpcFailure(body.error), status };
  const { retryAfterMs } = error;
  const said = body ? rpcFailure(body.error).message : message;
  return {
    kind: "http",
    status,
    message: `HTTP ${status}${said && `: ${said}`}`,
    ...(typeof retryAfterMs === "number" && { retryAfterMs }),
  };
}

/** What both SDKs put before the body of an HTTP error: behind it, markup would not be known as such. */
const SDK_WORDS = /^(?:Streamable HTTP error: )?Error POSTing to endpoint(?: \(HTTP \d+\))?: /;

/** A text in one line, without markup, at most 300 characters of it. */
export function excerpt(text: string): string {
  const [, title = ""] = /<title[^>]*>([^<]*)/i.exec(text.slice(0, 4_096)) ?? [];
  const plain = /^\s*<(?:!|html|head|body)/i.test(text) ? title : text;
  const line = plain
    .slice(0, 4 * EXCERPT_LENGTH)
    .replace(/\s+/g, " ")
    .trim();
  return line.length > EXCERPT_LENGTH ? `${line.slice(0, EXCERPT_LENGTH - 1)}…` : line;
}

/** What Node and Deno keep in the error's `cause`: "fetch failed" alone says nothing. */
function codeOf(cause: unknown): string {
  const code = isObject(cause) ? cause.code : undefined;
  return typeof code === "string" ? code : "";
}

/** No connection came about, so that nothing was sent on it. */
const UNCONNECTED = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;

function isHttpStatus(value: unknown): value is number {
  return typeof value === "number" && value >= 300 && value < 600;
}

/** A JSON-RPC error that travelled as the body of an HTTP error. Some servers name a request there that nobody made. */
function readBody(text: string): { readonly id: unknown; readonly error: RpcErrorBody } | undefined {
  try {
    // Without a brace this reads the last character, which is not an object.
    const body: unknown = JSON.parse(text.slice(text.indexOf("{")));
    return isObject(body) && isObject(body.error)
      ? { id: body.id, error: readRpcError(body.error) }
      : undefined;
  } catch {
    return undefined;
  }
}
