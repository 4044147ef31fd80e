import { isObject } from "../protocol/json.ts";
import { joinLongResult } from "../store/long-result.ts";
import { readRecord } from "../store/read-record.ts";
import { parsed } from "../store/stored-text.ts";
import type { TaskView } from "../task-view.ts";
import { LEAN_HEAD, leanRecord, leanView, omittedIn } from "./lean-record.ts";
import type { ObjectStorage, SqlRow } from "./storage.ts";
import { readParts } from "./text-parts.ts";

/** Whether the row has the lean record, and the whole one lies in parts. */
export function isLean(row: SqlRow | undefined): boolean {
  return String(row?.record).startsWith(LEAN_HEAD);
}

/** The fields of a row that decide whether a later write of the task supersedes it. */
export function revisionOf({ rev, settled }: SqlRow): object {
  return { rev: Number(rev), ...(settled === 1 && { outcome: true }) };
}

/** The whole record of a row with `id` and `record`, as it was stored. */
export function wholeRecord(storage: ObjectStorage, row: SqlRow): unknown {
  const id = String(row.id);
  if (isLean(row)) return parsed(readParts(storage, id));
  const record = parsed(row.record);
  // An earlier version kept long results apart, and nothing else.
  const outcome = isObject(record) && isObject(record.outcome) ? record.outcome : undefined;
  return outcome?.apart ? joinLongResult(record, parsed(readParts(storage, id))) : record;
}

/** Returns the view that a row's `record` gives, without its long parts. Returns `undefined` for no row, and for a damaged record. */
export function viewOfRow(row: SqlRow | undefined): TaskView | undefined {
  const stored = parsed(row?.record);
  const reading = readRecord(stored);
  if (reading.kind !== "record") return undefined;
  const { record } = reading;
  return leanView(isLean(row) ? { record, omitted: omittedIn(stored) } : leanRecord(record));
}
