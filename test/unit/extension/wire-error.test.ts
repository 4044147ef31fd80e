import { describe, expect, it } from "vitest";
import { RequestFailedError } from "../../../src/engine/request-failed.ts";
import {
  ClientClosedError,
  errorOf,
  InputError,
  type TaskReference,
  UnknownEndpointError,
} from "../../../src/errors.ts";
import { ExtensionError } from "../../../src/extension/extension-error.ts";
import { errorFromWire, wireError } from "../../../src/extension/wire-error.ts";

const TASK: TaskReference = { id: "1", endpoint: "lab", tool: "report", taskId: "t" };

const ERRORS: readonly Error[] = [
  errorOf(TASK, { kind: "failed", error: { reason: "rpc", message: "No" } }),
  errorOf(TASK, { kind: "cancelled", confirmed: false, detail: "The server is silent" }),
  errorOf(TASK, { kind: "expired", detail: "Too late" }),
  errorOf(TASK, { kind: "lost", detail: "Who knows", candidates: ["a", "b"] }),
  new InputError(TASK, "key", "Not a number"),
  new UnknownEndpointError("lib", ["lab"]),
  new RequestFailedError("tools/call", { kind: "network", message: "Reset" }, undefined, { endpoint: "lab" }),
  new ClientClosedError(),
  new ExtensionError("refused", "Not this page"),
];

/** Every object that lacks one field of a wire error, or has it of another type. */
function damaged(wire: object): unknown[] {
  return Object.entries(wire).flatMap(([field, value]) => {
    const inner =
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? damaged(value).map((part) => ({ ...wire, [field]: part }))
        : [];
    return [{ ...wire, [field]: undefined }, { ...wire, [field]: 7 }, ...inner];
  });
}

describe("errors that travel from the extension's worker to its page", () => {
  it.each(ERRORS.map((error) => [error.name, error] as const))(
    "%s arrives as the class it was",
    (_name, error) => {
      const arrived = errorFromWire(JSON.parse(JSON.stringify(wireError(error))));
      expect(arrived).toBeInstanceOf(error.constructor);
      expect({ ...arrived }).toEqual({ ...error });
    },
  );

  it("an error that cannot be read is an ExtensionError, or lacks only what its class does not rely on", () => {
    const wires = ERRORS.flatMap((error) => damaged(wireError(error)));
    expect(wires.length).toBeGreaterThan(50);
    for (const wire of [undefined, null, 7, [], {}, { kind: "unheard-of" }, ...wires]) {
      const error = errorFromWire(wire);
      expect(error).toBeInstanceOf(Error);
      expect(error.message).not.toContain("undefined");
    }
  });

  it("an outcome of an unknown kind is an ExtensionError", () => {
    const wire = { kind: "task", task: TASK, outcome: { kind: "vanished", detail: "Gone" } };
    expect(errorFromWire(wire)).toMatchObject({ name: "ExtensionError", code: "malformed" });
  });
});
