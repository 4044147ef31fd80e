import type { TaskRecord } from "../engine/record.ts";
import { isObject } from "../protocol/json.ts";

/**
 * Whether a store must refuse this record: an outcome is final, a higher rev is newer, and a record that follows on rev
 * `after` may replace nothing else. A tab that lost the lead without knowing it may have a higher rev than the leader,
 * because its last writes failed. If the record it follows on is gone, another tab deleted it.
 */
export function isSuperseded(record: TaskRecord, known: unknown, after?: number): boolean {
  if (known === undefined) return after !== undefined;
  if (!isObject(known)) return false;
  if (known.outcome !== undefined) return true;
  if (typeof known.rev !== "number") return false;
  return known.rev >= record.rev || (after !== undefined && known.rev !== after);
}
