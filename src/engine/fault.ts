import type { RpcErrorBody } from "../protocol/json-rpc.ts";

/** Why a request brought no usable reply. */
export type Fault =
  /** No reply within the request's timeout. It may have been received, unless it never left. */
  | { readonly kind: "timeout"; readonly message: string; readonly unsent?: true }
  /** The connection failed or ended. The request may have been received, unless it never left. */
  | { readonly kind: "network"; readonly message: string; readonly unsent?: true }
  /** The server answered on the HTTP level. */
  | {
      readonly kind: "http";
      readonly status: number;
      readonly message: string;
      /** From `Retry-After`, in ms. */
      readonly retryAfterMs?: number;
      readonly unsent?: true;
    }
  /** No credentials that the server accepts. */
  | { readonly kind: "unauthorized"; readonly message: string }
  /** The server answered with a JSON-RPC error. */
  | { readonly kind: "rpc"; readonly error: RpcErrorBody; readonly message: string }
  /** The server answered with more than the client takes. */
  | { readonly kind: "oversized"; readonly message: string }
  /** The server answered with something that breaks the protocol. */
  | { readonly kind: "malformed"; readonly message: string };

/** Whether the server certainly did nothing with the request, so that it may be sent again. */
export function wasRefused(fault: Fault): boolean {
  if (fault.kind === "unauthorized" || "unsent" in fault) return true;
  return (
    fault.kind === "http" &&
    (fault.status === 429 || (fault.status === 503 && fault.retryAfterMs !== undefined))
  );
}
