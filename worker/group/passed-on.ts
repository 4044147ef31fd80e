import { type JsonObject, RequestFailedError, type TaskClient } from "holdfast";
import { INTERNAL_ERROR, METHOD_NOT_FOUND } from "../../front/rpc-error.ts";
import type { PassedOn } from "./gateway-group-rpc.ts";

/** What only reads. Whatever does something goes through a task, or not at all. */
export const PASSED_ON: ReadonlySet<string> = new Set([
  "tools/list",
  "resources/list",
  "resources/templates/list",
  "resources/read",
  "prompts/list",
  "prompts/get",
  "completion/complete",
]);

/** A request of the gateway's client, put to the endpoint's server. */
export async function passedOn(
  client: TaskClient,
  endpoint: string,
  method: string,
  params: JsonObject,
): Promise<PassedOn> {
  if (!PASSED_ON.has(method)) {
    return { ok: false, error: { code: METHOD_NOT_FOUND, message: "Method not found" } };
  }
  try {
    const result = await client.request(endpoint, method, params);
    return { ok: true, result: (result ?? {}) as JsonObject };
  } catch (error) {
    if (!(error instanceof RequestFailedError)) throw error;
    const { failure } = error;
    if (failure.kind === "rpc") return { ok: false, error: failure.error };
    const message =
      failure.kind === "unauthorized"
        ? "The endpoint's server takes none of its credentials"
        : `The endpoint's server could not be asked: ${failure.message}`;
    return { ok: false, error: { code: INTERNAL_ERROR, message } };
  }
}
