import type { JsonObject } from "holdfast";
import { isObject } from "../../front/client-capabilities.ts";
import type { RpcErrorJson } from "../../front/rpc-error.ts";
import { CLIENT_INFO } from "../../src/protocol/meta-keys.ts";

type Fields = Readonly<Record<string, unknown>>;

/** One JSON-RPC message, loosely: enough to find who handles it. */
export interface Frame {
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: Fields;
  readonly result?: Fields;
  readonly error?: RpcErrorJson;
}

/** Returns undefined if the body is not a JSON-RPC message. */
export function readFrame(body: unknown): Frame | undefined {
  if (!isObject(body) || body.jsonrpc !== "2.0") return undefined;
  const { id, method, params, result, error } = body;
  const fits =
    (id === undefined || typeof id === "string" || typeof id === "number") &&
    (method === undefined || typeof method === "string") &&
    [params, result, error].every((fields) => fields === undefined || isObject(fields)) &&
    (!isObject(error) || (typeof error.code === "number" && typeof error.message === "string"));
  return fits ? (body as Frame) : undefined;
}

export function paramsOf({ params }: Frame): JsonObject {
  return (params ?? {}) as JsonObject;
}

export function metaOf(message: Frame): JsonObject {
  return (paramsOf(message)._meta ?? {}) as JsonObject;
}

/** Returns what the client calls itself: in each message of 2026-07-28, in `initialize` of earlier ones. */
export function clientNameOf(message: Frame): string | undefined {
  const said = metaOf(message)[CLIENT_INFO] ?? paramsOf(message).clientInfo;
  return isObject(said) && typeof said.name === "string" ? said.name : undefined;
}

export function resultFrame(id: string | number, result: object): object {
  return { jsonrpc: "2.0", id, result };
}

export function errorFrame(id: string | number | null, error: RpcErrorJson): object {
  return { jsonrpc: "2.0", id, error };
}

export function errorResponse(status: number, id: Frame["id"], error: RpcErrorJson): Response {
  return Response.json(errorFrame(id ?? null, error), { status });
}
