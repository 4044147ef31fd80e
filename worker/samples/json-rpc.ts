import * as z from "zod";

const frame = z.object({
  jsonrpc: z.literal("2.0"),
  id: z.union([z.string(), z.number()]).optional(),
  method: z.string().optional(),
  params: z.record(z.string(), z.unknown()).optional(),
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string() }).optional(),
});

/** One JSON-RPC message, loosely: the SDKs do the checking, this is for telling messages apart. */
export type Frame = z.output<typeof frame>;

export function readFrame(body: string): Frame | undefined {
  try {
    return frame.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}

export function stringParam(message: Frame | undefined, name: string): string | undefined {
  const value = message?.params?.[name];
  return typeof value === "string" ? value : undefined;
}

/**
 * An error that goes out with its message as it is. (The v1 SDK's own McpError puts "MCP error -32603: " before it, and then
 * it is no longer the error that the underlying request had.)
 */
export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

export function errorReply(
  status: number,
  id: Frame["id"] | null,
  error: { code: number; message: string; data?: unknown },
): Response {
  return Response.json({ jsonrpc: "2.0", id: id ?? null, error }, { status });
}
