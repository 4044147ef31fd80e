import type { JsonObject, Outcome, ToolResult } from "holdfast";
import { RELATED_TASK, SERVER_INFO } from "../src/protocol/meta-keys.ts";
import { expiredText, lostText } from "./messages.ts";
import { INTERNAL_ERROR, type RpcErrorJson } from "./rpc-error.ts";

/** What a request that ended this way is answered with. */
export type Ending =
  | { readonly kind: "result"; readonly result: ToolResult }
  | { readonly kind: "error"; readonly error: RpcErrorJson }
  | { readonly kind: "cancelled" };

export function endingOf(outcome: Outcome): Ending {
  switch (outcome.kind) {
    case "completed":
      return { kind: "result", result: withoutServersMarks(outcome.result) };
    case "cancelled":
      return { kind: "cancelled" };
    case "failed": {
      const { rpc, message, result } = outcome.error;
      // A 2025-11-25 task can fail and have a result all the same.
      if (result) return { kind: "result", result: { ...withoutServersMarks(result), isError: true } };
      return { kind: "error", error: rpc ?? { code: INTERNAL_ERROR, message } };
    }
    case "expired":
      return failure(expiredText(outcome.detail));
    case "lost":
      return failure(lostText(outcome.detail));
  }
}

/** The server's id of the task, and who it is, mean nothing to our client; `resultType` is the SDK's to add. */
export function withoutServersMarks<T extends object>(said: T): T {
  const { _meta, resultType: _told, ...result } = said as { _meta?: JsonObject; resultType?: unknown };
  const { [RELATED_TASK]: _task, [SERVER_INFO]: _server, ...meta } = _meta ?? {};
  return { ...result, ...(Object.keys(meta).length > 0 && { _meta: meta }) } as T;
}

function failure(message: string): Ending {
  return { kind: "error", error: { code: INTERNAL_ERROR, message } };
}
