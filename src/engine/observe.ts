import type { TaskReading } from "../protocol/task-reading.ts";
import { isTerminal, type SnapshotReading, type TaskSnapshot } from "../protocol/task-snapshot.ts";
import { readTime } from "../protocol/time-stamp.ts";
import { outcomeOf, settle } from "./outcome.ts";
import type { QuestionRules } from "./question-rules.ts";
import type { TaskRecord } from "./record.ts";
import type { TaskState } from "./state.ts";

/**
 * Takes a reading of the task into the record: the reply to a request, which is later than every reply before it
 * whatever its time stamp says, or a notification (`partial`). A terminal status is never taken back.
 */
export function observe(
  record: TaskRecord,
  reading: TaskReading,
  now: number,
  partial = false,
  questions?: QuestionRules,
): TaskRecord {
  const { snapshot: seen, payload } = reading;
  const known = record.snapshot;
  if (record.outcome || (known && isTerminal(known.status) && !isTerminal(seen.status))) return record;
  const snapshot = merged(known, seen, partial);
  const { inputRequests: named } = reading;
  const inputs = (named && questions?.mergeInputs(record.inputs, named, now)) ?? record.inputs;
  const news: Partial<TaskRecord> = {
    stage: "running",
    taskId: snapshot.taskId,
    acceptedAt: record.acceptedAt ?? now,
    snapshot: known && saysTheSame(known, snapshot) ? known : snapshot,
    inputs,
  };
  // Most polls bring nothing new, and then nothing is made anew.
  if (snapshot.status !== "cancelled" && !payload && isKnown(record, news)) return record;
  const next = { ...record, ...news };
  if (snapshot.status === "cancelled") return settle(next, { kind: "cancelled", confirmed: true }, now);
  return payload ? settle(next, outcomeOf(snapshot, payload), now) : next;
}

/** Servers leave out what they have said before. Only a complete reading without a status message clears it. */
function merged(known: TaskSnapshot | undefined, seen: SnapshotReading, partial: boolean): TaskSnapshot {
  const { statusMessage, ...kept } = known ?? { createdAt: "", lastUpdatedAt: "", ttlMs: null };
  const stays = partial && statusMessage !== undefined && known?.status === seen.status;
  return { ...kept, ...(stays && { statusMessage }), ...seen };
}

/** Many servers stamp each reply with its own time: a later stamp alone is not news. */
function saysTheSame(a: TaskSnapshot, b: TaskSnapshot): boolean {
  // `b` has every field of `a`, or was made without its status message.
  return (
    a.statusMessage === b.statusMessage &&
    (Object.keys(b) as (keyof TaskSnapshot)[]).every(
      (field) => field === "createdAt" || field === "lastUpdatedAt" || a[field] === b[field],
    )
  );
}

/** Whether a reading that may come late is older than what is known. The clocks of two nodes can say no more than that. */
export function isOutdated(
  { record, stampedAt }: TaskState,
  { status, lastUpdatedAt }: SnapshotReading,
): boolean {
  const known = record.snapshot;
  if (!known || isTerminal(status)) return false;
  if (isTerminal(known.status)) return true;
  return readTime(lastUpdatedAt ?? "") < (stampedAt ?? readTime(known.lastUpdatedAt));
}

function isKnown(record: TaskRecord, news: Partial<TaskRecord>): boolean {
  return (Object.keys(news) as (keyof TaskRecord)[]).every((field) => record[field] === news[field]);
}
