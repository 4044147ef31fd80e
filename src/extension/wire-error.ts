import { RequestFaultError, type RequestTarget } from "../channel/request-fault.ts";
import type { Fault } from "../engine/fault.ts";
import type { Outcome } from "../engine/record.ts";
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
import { isObject } from "../protocol/json.ts";
import { ExtensionError, type ExtensionFailure } from "./extension-error.ts";

type EndWithoutResult = Exclude<Outcome, { kind: "completed" }>;

/** An error as it travels: what its class is made of. */
export type WireError =
  | { readonly kind: "task"; readonly task: TaskReference; readonly outcome: EndWithoutResult }
  | { readonly kind: "input"; readonly task: TaskReference; readonly key: string; readonly message: string }
  | { readonly kind: "unknown-endpoint"; readonly endpoint: string; readonly known: readonly string[] }
  | {
      readonly kind: "request-fault";
      readonly method: string;
      readonly fault: Fault;
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
  if (error instanceof RequestFaultError) {
    const { method, fault, target } = error;
    return { kind: "request-fault", method, fault, ...(target && { target }) };
  }
  if (error instanceof ClientClosedError) return { kind: "closed" };
  if (error instanceof ExtensionError) return { kind: "extension", code: error.code, message: error.message };
  return { kind: "extension", code: "failed", message: String(error) };
}

/** The error again, as the class it was. One that cannot be read is an ExtensionError too. */
export function errorFromWire(wire: unknown): Error {
  if (!isWireError(wire))
    return new ExtensionError("malformed", "The worker answered with no error that is known");
  switch (wire.kind) {
    case "task":
      return errorOf(wire.task, wire.outcome);
    case "input":
      return new InputError(wire.task, wire.key, wire.message);
    case "unknown-endpoint":
      return new UnknownEndpointError(wire.endpoint, wire.known);
    case "request-fault":
      return new RequestFaultError(wire.method, wire.fault, undefined, wire.target);
    case "closed":
      return new ClientClosedError();
    case "extension":
      return new ExtensionError(wire.code, wire.message);
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

/** What its class relies on is there. */
function isWireError(wire: unknown): wire is WireError {
  if (!isObject(wire)) return false;
  switch (wire.kind) {
    case "task":
      return isReference(wire.task) && isEnd(wire.outcome);
    case "input":
      return isReference(wire.task) && areTexts(wire.key, wire.message);
    case "unknown-endpoint":
      return areTexts(wire.endpoint) && Array.isArray(wire.known);
    case "request-fault":
      return (
        areTexts(wire.method) &&
        isObject(wire.fault) &&
        areTexts(wire.fault.kind, wire.fault.message) &&
        (wire.target === undefined || (isObject(wire.target) && areTexts(wire.target.endpoint)))
      );
    case "closed":
      return true;
    case "extension":
      return areTexts(wire.code, wire.message);
    default:
      return false;
  }
}

function isReference(task: unknown): boolean {
  return isObject(task) && areTexts(task.id, task.endpoint, task.tool);
}

function isEnd(outcome: unknown): boolean {
  if (!isObject(outcome)) return false;
  switch (outcome.kind) {
    case "failed":
      return isObject(outcome.error) && areTexts(outcome.error.reason, outcome.error.message);
    case "cancelled":
      return typeof outcome.confirmed === "boolean";
    case "expired":
    case "lost":
      return areTexts(outcome.detail);
    default:
      return false;
  }
}

function areTexts(...values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === "string");
}
