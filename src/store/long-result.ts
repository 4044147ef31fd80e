import type { Outcome } from "../engine/record.ts";
import { isObject } from "../protocol/json.ts";
import type { ToolResult } from "../protocol/tool-result.ts";

/** A longer result, by its JSON text, is stored apart from its record: so listing costs by the tasks, not by what they gave. */
const LONG = 65_536;

/** A record as it is stored, and the result to be stored beside it, if that is long. A view has the same outcome. */
export function partLongResult<T extends { readonly outcome?: Outcome }>(
  record: T,
): { record: T; result?: ToolResult } {
  const { outcome } = record;
  if (outcome?.kind !== "completed" || JSON.stringify(outcome.result).length <= LONG) return { record };
  const { result } = outcome;
  return {
    record: { ...record, outcome: resultApart(result) },
    result,
  };
}

/** The outcome without its result, but for whether the tool failed. */
export function resultApart({ isError }: ToolResult): Outcome {
  return { kind: "completed", result: { content: [], ...(isError && { isError }) }, apart: true };
}

/** The whole record again. */
export function joinLongResult(stored: unknown, result: unknown): unknown {
  if (!isObject(stored) || result === undefined) return stored;
  return { ...stored, outcome: { kind: "completed", result } };
}
