import { MISSING_CLIENT_CAPABILITY } from "../../../src/protocol/error-codes.ts";
import { CLIENT_CAPABILITIES, TASKS_EXTENSION } from "../../../src/protocol/meta-keys.ts";
import { RpcError } from "../json-rpc.ts";

/** Throws unless the request's own envelope declares the tasks extension: nothing else counts in this generation. */
export function requireTasksExtension(envelope: Record<string, unknown> | undefined): void {
  const { extensions } = clientCapabilities(envelope);
  if (isObject(extensions) && isObject(extensions[TASKS_EXTENSION])) return;
  refuse({ extensions: { [TASKS_EXTENSION]: {} } });
}

export function requireElicitation(envelope: Record<string, unknown> | undefined): void {
  if (!isObject(clientCapabilities(envelope).elicitation)) refuse({ elicitation: {} });
}

function clientCapabilities(envelope: Record<string, unknown> | undefined) {
  const capabilities = envelope?.[CLIENT_CAPABILITIES];
  return isObject(capabilities) ? capabilities : {};
}

function refuse(requiredCapabilities: Record<string, unknown>): never {
  throw new RpcError(MISSING_CLIENT_CAPABILITY, "Missing required client capability", {
    requiredCapabilities,
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
