import type { Fault } from "../engine/fault.ts";
import { isObject } from "../protocol/json.ts";
import { type RpcErrorBody, readRpcError } from "../protocol/json-rpc.ts";

/** A request that brought no usable reply. `fault` says why, `method` which it was. */
export class RequestFaultError extends Error {
  override readonly name = "RequestFaultError";
  readonly fault: Fault;
  readonly method: string;

  constructor(method: string, fault: Fault, cause?: unknown) {
    super(`${method}: ${fault.message}`, { cause });
    this.method = method;
    this.fault = fault;
  }
}

export function rpcFault(error: RpcErrorBody): Fault & { kind: "rpc" } {
  return { kind: "rpc", error, message: `${error.message} (${error.code})` };
}

/**
 * Says what a transport's `send` threw. The two SDK majors and plain `fetch` throw different
 * classes, and an app may load its own copy of an SDK: so they are told apart by shape. `id` is the
 * request's: without it an HTTP error is never taken for the reply to one.
 */
export function faultOf(thrown: unknown, id?: string): Fault {
  if (thrown instanceof RequestFaultError) return thrown.fault;
  const error = thrown as Partial<
    Record<"name" | "message" | "code" | "data" | "status" | "retryAfterMs", unknown>
  >;
  const message = typeof error?.message === "string" ? error.message : String(thrown);
  if (error?.name === "UnauthorizedError") return { kind: "unauthorized", message };
  if (error?.name === "MalformedReplyError" || error?.name === "ZodError" || thrown instanceof SyntaxError) {
    return { kind: "malformed", message };
  }
  const data = isObject(error?.data) ? error.data : {};
  const status = [data.status, error?.status, error?.code].find(isHttpStatus);
  if (status === undefined) return { kind: "network", message };
  if (status === 401) return { kind: "unauthorized", message };
  const body = readBody(typeof data.text === "string" ? data.text : message, id);
  if (body) return { ...rpcFault(body), status };
  const { retryAfterMs } = error;
  return {
    kind: "http",
    status,
    message: `HTTP ${status}: ${message}`,
    ...(typeof retryAfterMs === "number" && { retryAfterMs }),
  };
}

function isHttpStatus(value: unknown): value is number {
  return typeof value === "number" && value >= 400 && value < 600;
}

/** A JSON-RPC error that travelled as the body of an HTTP error. Some servers name a request there that nobody made. */
function readBody(text: string, id: string | undefined): RpcErrorBody | undefined {
  try {
    // Where there is no brace this reads the last character, which is no object.
    const body: unknown = JSON.parse(text.slice(text.indexOf("{")));
    const ours = id && isObject(body) && body.id === id;
    return ours && isObject(body.error) ? readRpcError(body.error) : undefined;
  } catch {
    return undefined;
  }
}
