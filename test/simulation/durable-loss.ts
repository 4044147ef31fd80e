import { MAX_INPUTS } from "../../src/engine/input.ts";
import type { TaskRecord } from "../../src/engine/record.ts";
import { sameJson } from "../../src/protocol/json.ts";

/**
 * Returns which durable data a write removes, undefined if it only adds. `wasRefused`: the server
 * refused the answer under that key, and the question is open again.
 */
export function lostBy(
  record: TaskRecord,
  before: TaskRecord,
  wasRefused: (key: string) => boolean,
): string | undefined {
  if (before.rev >= record.rev) return `rev ${before.rev} is overwritten by rev ${record.rev}`;
  if (before.cancel && !record.cancel) return "the wish to cancel is forgotten";
  if (before.cancel?.acknowledgedAt !== undefined && record.cancel?.acknowledgedAt === undefined) {
    return "the acknowledged cancel is forgotten";
  }
  // Answers from before the task end with the round in which they were given (mrtr).
  // Once the task has ended, its answers no longer matter.
  if (before.stage !== "running" || record.outcome) return undefined;
  for (const { key, response, state } of before.inputs) {
    if (response === undefined || wasRefused(key)) continue;
    // The oldest that were settled make room: a server may ask hundreds of questions.
    if (state === "delivered" && before.inputs.length >= MAX_INPUTS) continue;
    const kept = record.inputs.find((input) => input.key === key)?.response;
    if (!sameJson(kept, response)) return `the answer to ${key} is ${kept ? "replaced" : "forgotten"}`;
  }
  return undefined;
}
