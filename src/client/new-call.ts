import { checkedAddressees } from "../engine/addressees.ts";
import { RECORD_VERSION, type TaskRecord } from "../engine/record.ts";
import { defined, type JsonObject, jsonCopy } from "../protocol/json.ts";
import type { CallOptions } from "../task-client-api.ts";

export interface StartOptions extends CallOptions {
  /** Makes the call idempotent: starting it again under the same id returns the task that it has. By default a random id. */
  readonly id?: string;
  /** How long the call's own reply may take, in ms, for servers that are slow and know no tasks: `requestTimeoutMs`. */
  readonly timeoutMs?: number;
}

/**
 * Returns the record of a call that has not been sent.
 * @param now ms since 1970.
 */
export function newCall(
  id: string,
  endpoint: string,
  tool: string,
  args: JsonObject,
  { prefer, ttlMs, timeoutMs, repeatable, notify }: StartOptions,
  now: number,
): TaskRecord {
  return {
    v: RECORD_VERSION,
    rev: 1,
    id,
    endpoint,
    stage: "queued",
    call: defined({
      name: tool,
      // As they are now: a call that is sent again is the same call, whatever the app does to its object.
      arguments: jsonCopy(args, `The arguments of ${tool}`),
      asTask: false,
      prefer,
      repeatable,
      ttlMs,
      timeoutMs,
      progressToken: id,
      recovery: "none",
      rounds: 0,
    }),
    createdAt: now,
    ...(notify?.length && { addressees: checkedAddressees(notify) }),
    inputs: [],
  };
}
