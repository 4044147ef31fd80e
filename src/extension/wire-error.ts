import type { Outcome } from "../engine/record.ts";
import { RequestFailedError, type RequestTarget } from "../engine/request-failed.ts";
import type { RequestFailure } from "../engine/request-failure.ts";
import {
  ClientClosedError,
  errorOf,
  InputError,
  TaskCancelledError,
  TaskError,
  TaskExpiredError,
  TaskFailedError,
  TaskLostError,
  type TaskReference,
  UnknownEndpointError,
} from "../errors.ts";
import { hasTexts } from "../protocol/json.ts";
import { ExtensionError, type ExtensionFailure } from "./extension-error.ts";

type EndWithoutResult = Exclude<Outcome, { kind: "completed" }>;

/** An error as it travels: what its class is made of. */
export type WireError =
  | { readonly kind: "task"; readonly task: TaskReference; readonly outcome: EndWithoutResult }
  | { readonly kind: "input"; readonly task: TaskReference; readonly key: string; readonly message: string }
  | { readonly kind: "unknown-endpoint"; readonly endpoint: string; readonly known: readonly string[] }
  | {
      readonly kind: "request-failure";
      readonly method: string;
      readonly failure: RequestFailure;
      readonly target?: RequestTarget;
    }
  | { readonly kind: "closed" }
  | { readonly kind: "extension"; readonly code: ExtensionFailure; readonly message: string };

export function wireError(error: unknown): WireError {
  if (error instanceof TaskError) {
    const outcome = endOf(error);
    if (outcome) return { kind: "task", task: error.task, outcome };
  }
  if (error instanceof InputError) {
    return { kind: "input", task: error.task, key: error.key, message: error.message };
  }
  if (error instanceof UnknownEndpointError) {
    return { kind: "unknown-endpoint", endpoint: error.endpoint, known: error.known };
  }
  if (error instanceof RequestFailedError) {
    const { method, failure, target } = error;
    return { kind: "request-failure", method, failure, ...(target && { target }) };
  }
  if (error instanceof ClientClosedError) return { kind: "closed" };
  if (error instanceof ExtensionError) return { kind: "extension", code: error.code, message: error.message };
  return { kind: "extension", code: "failed", message: String(error) };
}

/** Returns the error again, as the class it was. One that cannot be read becomes an ExtensionError. */
export function errorFromWire(wire: unknown): Error {
  const error = hasTexts(wire, "kind") && readError(wire as unknown as WireError);
  return error || new ExtensionError("malformed", "The worker's answer holds no error");
}

/** Returns no error where something is absent that its class relies on. */
function readError(wire: WireError): Error | false | undefined {
  switch (wire.kind) {
    case "task":
      return hasReference(wire) && isEnd(wire.outcome) && errorOf(wire.task, wire.outcome);
    case "input":
      return (
        hasReference(wire) &&
        hasTexts(wire, "key", "message") &&
        new InputError(wire.task, wire.key, wire.message)
      );
    case "unknown-endpoint":
      return (
        hasTexts(wire, "endpoint") &&
        Array.isArray(wire.known) &&
        new UnknownEndpointError(wire.endpoint, wire.known)
      );
    case "request-failure":
      return (
        hasTexts(wire, "method") &&
        hasTexts(wire.failure, "kind", "message") &&
        (wire.target === undefined || hasTexts(wire.target, "endpoint")) &&
        new RequestFailedError(wire.method, wire.failure, undefined, wire.target)
      );
    case "closed":
      return new ClientClosedError();
    case "extension":
      return hasTexts(wire, "code", "message") && new ExtensionError(wire.code, wire.message);
  }
}

function endOf(error: TaskError): EndWithoutResult | undefined {
  if (error instanceof TaskFailedError) return { kind: "failed", error: error.failure };
  if (error instanceof TaskCancelledError) return { kind: "cancelled", confirmed: error.confirmed };
  if (error instanceof TaskExpiredError) return { kind: "expired", detail: error.detail };
  if (!(error instanceof TaskLostError)) return undefined;
  const { detail, candidates } = error;
  return { kind: "lost", detail, ...(candidates.length > 0 && { candidates }) };
}

function hasReference({ task }: { readonly task: unknown }): boolean {
  return hasTexts(task, "id", "endpoint", "tool");
}

/** An outcome of an unknown kind has no error. */
function isEnd(outcome: EndWithoutResult | undefined): boolean {
  switch (outcome?.kind) {
    case "failed":
      return hasTexts(outcome.error, "reason", "message");
    case "cancelled":
      return typeof outcome.confirmed === "boolean";
    default:
      return hasTexts(outcome, "detail");
  }
}
