import { cutJson, cutText } from "./bounds.ts";
import {
  HEADER_MISMATCH,
  INTERNAL_ERROR,
  MISSING_CLIENT_CAPABILITY,
  UNSUPPORTED_PROTOCOL_VERSION,
} from "./error-codes.ts";
import { isObject, type JsonObject } from "./json.ts";

/** JSON-RPC 2.0 as MCP uses it: no batches, ids are strings or integers. */
export type RequestId = string | number;

export interface RpcRequest {
  readonly jsonrpc: "2.0";
  readonly id: RequestId;
  readonly method: string;
  readonly params?: JsonObject;
}

export interface RpcNotification {
  readonly jsonrpc: "2.0";
  readonly method: string;
  readonly params?: JsonObject;
}

export interface RpcErrorBody {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** What a request of the server is answered with. */
export type RpcReply = { readonly result: JsonObject } | { readonly error: RpcErrorBody };

export interface RpcResponse {
  readonly jsonrpc: "2.0";
  readonly id?: RequestId | null;
  readonly result?: unknown;
  readonly error?: unknown;
}

export {
  HEADER_MISMATCH,
  INVALID_PARAMS,
  METHOD_NOT_FOUND,
  MISSING_CLIENT_CAPABILITY,
  UNSUPPORTED_PROTOCOL_VERSION,
} from "./error-codes.ts";

/** Errors that only a server of 2026-07-28 has (streamable-http, "Backward Compatibility"). */
export const MODERN_ERRORS: readonly number[] = [
  HEADER_MISMATCH,
  MISSING_CLIENT_CAPABILITY,
  UNSUPPORTED_PROTOCOL_VERSION,
];

export function isRequestId(value: unknown): value is RequestId {
  return typeof value === "string" || typeof value === "number";
}

export function isRequest(message: unknown): message is RpcRequest {
  return isObject(message) && typeof message.method === "string" && isRequestId(message.id);
}

export function isNotification(message: unknown): message is RpcNotification {
  return isObject(message) && typeof message.method === "string" && message.id === undefined;
}

/** The integer that the id of a reply stands for; some servers send ours back as a string. NaN for anything else. */
export function integerId(id: unknown): number {
  return typeof id === "number" || typeof id === "string" ? Number(id) : Number.NaN;
}

/** Also one that lost its result on the way: JSON leaves out what is `undefined`. */
export function isResponse(message: unknown): message is RpcResponse {
  if (!isObject(message) || message.method !== undefined) return false;
  return "result" in message || "error" in message || isRequestId(message.id);
}

/** Reads an error member, however badly formed: an unreadable one becomes code -32603. */
export function readRpcError(value: unknown): RpcErrorBody {
  if (typeof value === "string") return { code: INTERNAL_ERROR, message: cutText(value) };
  if (!isObject(value))
    return { code: INTERNAL_ERROR, message: "The server answered with an unreadable error" };
  // Some servers send the code as text. What it means must not be lost with it.
  const sent = typeof value.code === "string" ? Number.parseInt(value.code, 10) : value.code;
  const code = typeof sent === "number" && Number.isFinite(sent) ? sent : INTERNAL_ERROR;
  const message = typeof value.message === "string" ? cutText(value.message) : "The server sent no message";
  return value.data === undefined ? { code, message } : { code, message, data: cutJson(value.data) };
}
