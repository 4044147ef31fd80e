import { checkedAddressees } from "../engine/addressees.ts";
import { RECORD_VERSION, type TaskRecord } from "../engine/record.ts";
import { defined, type JsonObject, jsonCopy } from "../protocol/json.ts";
import { IDEMPOTENCY_KEY } from "../protocol/meta-keys.ts";
import type { IdempotencyKey } from "../protocol/task-protocol.ts";
import { randomId } from "../random-id.ts";
import type { CallOptions } from "../task-client-api.ts";
import { checkedTime } from "./checked-time.ts";

export interface StartOptions extends CallOptions {
  /** Makes the call idempotent: starting it again under the same id returns the task that it has. By default a random id. */
  readonly id?: string;
  /** How long the call's own reply may take, in ms, for servers that are slow and know no tasks: `requestTimeoutMs`. */
  readonly timeoutMs?: number;
}

/**
 * Returns the record of a call that has not been sent. Throws a TypeError for arguments that are not JSON and for unfit options.
 * @param now ms since 1970.
 * @param keyName The key of `_meta` under which the endpoint takes idempotency keys, if it takes them.
 */
export function newCall(
  id: string,
  endpoint: string,
  tool: string,
  args: JsonObject,
  { prefer, ttlMs, timeoutMs, idempotencyKey, repeatable, notify, trace }: StartOptions,
  now: number,
  keyName?: string,
): TaskRecord {
  if (ttlMs !== undefined) checkedTime("ttlMs", ttlMs);
  if (timeoutMs !== undefined) checkedTime("timeoutMs", timeoutMs, 1);
  const idempotency = keyOf(idempotencyKey ?? keyName !== undefined, keyName);
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
      repeatable: repeatable ?? (idempotency && true),
      ttlMs,
      timeoutMs,
      progressToken: id,
      idempotency,
      recovery: "none",
      rounds: 0,
    }),
    createdAt: now,
    ...(trace && { trace }),
    ...(notify?.length && { addressees: checkedAddressees(notify) }),
    inputs: [],
  };
}

/** Not the id of the task: an app may choose that, and another client of the server may choose the same. */
function keyOf(wanted: boolean | string, name: string = IDEMPOTENCY_KEY): IdempotencyKey | undefined {
  if (wanted === false) return undefined;
  const value = wanted === true ? randomId() : wanted;
  if (typeof value !== "string" || value.length === 0 || value.length > 255)
    throw new TypeError("idempotencyKey must be true, false, or a text of 1 to 255 characters");
  return { name, value };
}
