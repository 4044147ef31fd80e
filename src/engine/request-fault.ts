import { cutText } from "../protocol/bounds.ts";
import type { MalformedReplyError } from "../protocol/task-reading.ts";
import type { Fault } from "./fault.ts";

/** The longest message of a malformed reply, in UTF-16 code units: it may quote the server. */
const MAX_MESSAGE = 300;

/** Where a request went: the endpoint's name, and what its connector calls the server. */
export interface RequestTarget {
  readonly endpoint: string;
  readonly address?: string | undefined;
}

/** A request that brought no usable reply. `fault` says why, `method` which it was, `target` where it went. */
export class RequestFaultError extends Error {
  override readonly name = "RequestFaultError";
  declare readonly fault: Fault;
  declare readonly method: string;
  declare readonly target: RequestTarget | undefined;

  constructor(method: string, fault: Fault, cause?: unknown, target?: RequestTarget) {
    const { endpoint, address } = target ?? {};
    const where = endpoint === undefined ? "" : ` on endpoint ${JSON.stringify(endpoint)}`;
    const at = address === undefined || fault.message.includes(address) ? "" : ` (${address})`;
    super(`${method}${where}${at}: ${fault.message}`, { cause });
    this.method = method;
    this.fault = fault;
    this.target = target;
  }
}

/** The fault of an error that a request, or reading its reply, throws. */
export function knownFault(error: unknown): Fault | undefined {
  if (error instanceof RequestFaultError) return error.fault;
  if ((error as Error | null)?.name !== "MalformedReplyError") return undefined;
  const { message, raw, reading } = error as MalformedReplyError;
  return {
    kind: "malformed",
    message: cutText(message, MAX_MESSAGE),
    ...(raw !== undefined && { raw }),
    ...(reading && { reading }),
  };
}

/** The same where anything else that was thrown counts as a network failure. */
export function requestFault(error: unknown): Fault {
  return knownFault(error) ?? { kind: "network", message: cutText(String(error), MAX_MESSAGE) };
}
