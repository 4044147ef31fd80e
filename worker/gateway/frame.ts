import type { JsonObject } from "holdfast";
import * as z from "zod";
import { isObject } from "../../front/client-capabilities.ts";
import type { RpcErrorJson } from "../../front/rpc-error.ts";
import { CLIENT_INFO } from "../../src/protocol/meta-keys.ts";

/** `z.record` leaves out a field called `__proto__`, which is data like others. */
const fields = z.custom<Record<string, unknown>>(isObject);

const frame = z.object({
  jsonrpc: z.literal("2.0"),
  id: z.union([z.string(), z.number()]).optional(),
  method: z.string().optional(),
  params: fields.optional(),
  result: fields.optional(),
  error: z.object({ code: z.number(), message: z.string() }).optional(),
});

/** One JSON-RPC message, loosely: enough to find who handles it. */
export type Frame = z.output<typeof frame>;

export function readFrame(body: unknown): Frame | undefined {
  return frame.safeParse(body).data;
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
