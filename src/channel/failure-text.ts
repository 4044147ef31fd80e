import { located, RequestFailedError, type RequestTarget } from "../engine/request-failed.ts";
import { isClientError, type RequestFailure } from "../engine/request-failure.ts";
import { METHOD_NOT_FOUND, MODERN_ERRORS } from "../protocol/json-rpc.ts";

/**
 * The error with what it lacks: which endpoint, which address, and the likely cause. One that has it is returned as it is.
 * @param causeHere Reads the likely cause out of what the platform says of the failure, where it says anything.
 */
export function explained(
  error: unknown,
  target: RequestTarget,
  causeHere?: (failure: RequestFailure, address: string) => string | undefined,
): unknown {
  const { address } = target;
  if (!(error instanceof RequestFailedError) || error.target || address === undefined)
    return located(error, target);
  const { method, failure } = error;
  const said = sentence(failure, address);
  const cause = causeHere?.(failure, address) ?? likelyCause(method, failure);
  const message = cause ? `${said.replace(/[\s.:]+$/, "")}. ${cause}` : said;
  return new RequestFailedError(method, { ...failure, message }, error.cause, target);
}

function sentence({ kind, message }: RequestFailure, address: string): string {
  switch (kind) {
    case "timeout":
      return `${message} from ${address}`;
    case "network":
      return `No connection to ${address}: ${message}`;
    case "http":
      return `${address} answered ${message}`;
    case "unauthorized":
      return `${address} answered HTTP 401: ${message}`;
    case "malformed":
    case "oversized":
    case "rpc":
      return message;
  }
}

function likelyCause(method: string, failure: RequestFailure): string | undefined {
  const generation = otherGeneration(method, failure);
  if (generation) return generation;
  switch (failure.kind) {
    case "unauthorized":
      return "It wants credentials: give the connector authorization (authProvider with an SDK), or a header in requestInit.";
    case "malformed":
      if (/protocol version/.test(failure.message)) return undefined;
      return method === "initialize" || method === "server/discover" || /<|text\/html/.test(failure.message)
        ? "Is this the address of an MCP server?"
        : undefined;
    case "http":
      return httpCause(failure.status);
    case "network":
    case "timeout":
    case "oversized":
    case "rpc":
      return undefined;
  }
}

function otherGeneration(method: string, failure: RequestFailure): string | undefined {
  const code = failure.kind === "rpc" ? failure.error.code : undefined;
  const refused = code === METHOD_NOT_FOUND || isClientError(failure);
  if (method === "server/discover" && refused)
    return 'It may speak only 2025-11-25 or older: leave out era, or give era: "auto".';
  if (method === "initialize" && (code === METHOD_NOT_FOUND || MODERN_ERRORS.includes(code ?? 0)))
    return "It may speak only 2026-07-28: connect with fromUrl of holdfast/sdk-v2, and without an era.";
  return undefined;
}

function httpCause(status: number): string | undefined {
  if (status < 400) return "Give the address that it is redirected to.";
  if (status === 404) return "Is the path right? Many servers answer at /mcp.";
  if (status === 405) return "Nothing there takes MCP requests by POST: is the path right?";
  if (status === 403) return "It refuses these credentials, or the origin of this page.";
  if (status >= 500) return "The server, or a proxy before it, failed: its log says more.";
  return undefined;
}
