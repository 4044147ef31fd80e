import type { TaskRecord } from "../engine/record.ts";
import { isObject } from "../protocol/json.ts";

/** Whether what a store holds must not be replaced by this record: an outcome is final, and a higher rev is newer. */
export function isSuperseded(record: TaskRecord, known: unknown): boolean {
  if (!isObject(known)) return false;
  return known.outcome !== undefined || (typeof known.rev === "number" && known.rev >= record.rev);
}
