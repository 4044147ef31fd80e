import { failureFrom, RequestFailedError } from "../engine/request-failed.ts";
import { isClientError, type RequestFailure } from "../engine/request-failure.ts";
import { UNSUPPORTED_PROTOCOL_VERSION } from "../protocol/json-rpc.ts";
import { traitsOf } from "../protocol/registry.ts";
import type { Session } from "../protocol/session.ts";

/**
 * Whether the server no longer knows our session: HTTP 404 (2025-11-25 transports, "Session Management"), or what
 * other servers say in its place. Then it did nothing with the request.
 * @param ping Asks in the same session; rejects with a RequestFailedError.
 */
export async function isForgotten(
  error: unknown,
  { generation, sessionId }: Session,
  ping: () => Promise<unknown>,
): Promise<boolean> {
  if (!traitsOf(generation).sessions) return false;
  const status = statusOf(error);
  if (status === 404) return sessionId !== undefined;
  if (!speaksOfSession(error)) return false;
  if (status >= 400 && status < 500) return true;
  // It may be a tool that speaks of a session of its own: a ping shows which.
  return ping().then(
    () => false,
    (refusal: unknown) => statusOf(refusal) === 404 || speaksOfSession(refusal),
  );
}

/**
 * Whether the server has changed its generation since the session was agreed: it names the versions it speaks, or answers
 * 400 and no more (versioning, "Backward Compatibility"). Only calls find out, so that tasks outlast one that changes back.
 */
export function isOutgrown(error: unknown, { generation }: Session, method: string): boolean {
  if (method !== "tools/call" && method !== "tools/list") return false;
  if (!(error instanceof RequestFailedError)) return false;
  const { failure } = error;
  if (failure.kind === "rpc") return failure.error.code === UNSUPPORTED_PROTOCOL_VERSION;
  return !traitsOf(generation).sessions && statusOf(error) === 400;
}

/** Throws the error again. No connection came about, for now at least: what was to be sent on it never left. */
export function unsent(error: unknown): never {
  const failure = failureFrom(error);
  // It refused the address, or what was sent to it.
  if (isClientError(failure)) throw error;
  const method = error instanceof RequestFailedError ? error.method : "initialize";
  throw new RequestFailedError(method, { ...failure, unsent: true } as RequestFailure, error);
}

/** The HTTP status that a request was answered with, where that was an error; else 0. */
function statusOf(error: unknown): number {
  return error instanceof RequestFailedError && "status" in error.failure ? (error.failure.status ?? 0) : 0;
}

/** "Session not found", "No valid session ID provided", "Server not initialized", and what else servers say after a restart. */
function speaksOfSession(error: unknown): boolean {
  if (!(error instanceof RequestFailedError)) return false;
  const { kind, message } = error.failure;
  const words = /session|(?:not|un|before) ?(?:yet |been )?initiali[sz]/i;
  return (kind === "http" || kind === "rpc") && words.test(message);
}
