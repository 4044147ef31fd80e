import { cutText } from "../protocol/bounds.ts";
import { defined } from "../protocol/json.ts";
import type { MalformedReplyError } from "../protocol/task-reading.ts";
import type { RequestFailure } from "./request-failure.ts";

/** The longest message of a malformed reply, in UTF-16 code units: it may quote the server. */
const MAX_MESSAGE = 300;

/** Where a request went: the endpoint's name, and what its connector calls the server. */
export interface RequestTarget {
  readonly endpoint: string;
  readonly address?: string | undefined;
}

/** A request that brought no usable reply. `failure` says why, `method` which it was, `target` where it went. */
export class RequestFailedError extends Error {
  override readonly name = "RequestFailedError";
  declare readonly failure: RequestFailure;
  declare readonly method: string;
  declare readonly target: RequestTarget | undefined;

  constructor(method: string, failure: RequestFailure, cause?: unknown, target?: RequestTarget) {
    const { endpoint, address } = target ?? {};
    const where = endpoint === undefined ? "" : ` on endpoint ${JSON.stringify(endpoint)}`;
    const at = address === undefined || failure.message.includes(address) ? "" : ` (${address})`;
    super(`${method}${where}${at}: ${failure.message}`, { cause });
    this.method = method;
    this.failure = failure;
    this.target = target;
  }
}

/** The error with where its request went. One that says it is returned as it is. */
export function located(error: unknown, target: RequestTarget): unknown {
  return error instanceof RequestFailedError && !error.target
    ? new RequestFailedError(error.method, error.failure, error.cause, target)
    : error;
}

/** The failure of an error that a request, or reading its reply, throws. */
export function knownFailure(error: unknown): RequestFailure | undefined {
  if (error instanceof RequestFailedError) return error.failure;
  if (!/^(MalformedReply|MissingPart)Error$/.test((error as Error | null)?.name ?? "")) return undefined;
  const { message, raw, reading } = error as MalformedReplyError;
  return defined({ kind: "malformed" as const, message: cutText(message, MAX_MESSAGE), raw, reading });
}

/** The same where anything else that was thrown counts as a network failure. */
export function failureFrom(error: unknown): RequestFailure {
  return knownFailure(error) ?? { kind: "network", message: cutText(String(error), MAX_MESSAGE) };
}
