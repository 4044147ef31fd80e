import { EVENT_ERRORS, eventError as textOf } from "../../../front/messages.ts";
import { RpcError } from "../../../front/rpc-error.ts";
import type { Caller } from "../caller.ts";

/** MCP Events (SEP-3415). */
export const EVENTS_EXTENSION = "io.modelcontextprotocol/events";

/** By kind of error: the code of SEP-3415, and that of the draft before it, which clients know that do not declare the extension. */
const CODES = {
  NotFound: [-32023, -32011],
  Forbidden: [-32024, -32012],
  ResourceExhausted: [-32025, -32013],
  Unsupported: [-32026, -32014],
  CallbackEndpointError: [-32027, -32015],
} as const;

/** An error of MCP Events (SEP-3415, "Error Handling"), with the code that the caller knows. @param data Distinguishes the cases of one code. */
export function eventError(
  { traits }: Caller,
  kind: keyof typeof CODES,
  detail: keyof typeof EVENT_ERRORS,
  data: Readonly<Record<string, string | number>>,
): RpcError {
  const [code, draftCode] = CODES[kind];
  const message = textOf(kind, EVENT_ERRORS[detail]);
  return new RpcError({ code: traits.events ? code : draftCode, message, data });
}
