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
  const snapshot = known && saysTheSame(known, seen, partial) ? known : merged(known, seen, partial);
  const { inputRequests: named } = reading;
  const inputs = (named && questions?.mergeInputs(record.inputs, named, now)) ?? record.inputs;
  const { stage, acceptedAt } = record;
  const { status, taskId } = snapshot;
  const isKnown =
    snapshot === known &&
    inputs === record.inputs &&
    stage === "running" &&
    taskId === record.taskId &&
    acceptedAt !== undefined;
  // Most polls bring nothing new, and then nothing is made anew.
  if (isKnown && status !== "cancelled" && !payload) return record;
  const next: TaskRecord = {
    ...record,
    stage: "running",
    taskId,
    acceptedAt: acceptedAt ?? now,
    snapshot,
    inputs,
  };
  if (status === "cancelled") return settle(next, { kind: "cancelled", confirmed: true }, now);
  return payload ? settle(next, outcomeOf(snapshot, payload), now) : next;
}

/** Servers leave out what they have said before. Only a complete reading without a status message clears it. */
function merged(known: TaskSnapshot | undefined, seen: SnapshotReading, partial: boolean): TaskSnapshot {
  const { statusMessage, ...kept } = known ?? { createdAt: "", lastUpdatedAt: "", ttlMs: null };
  const stays = partial && statusMessage !== undefined && known?.status === seen.status;
  return { ...kept, ...(stays && { statusMessage }), ...seen };
}

/** Whether {@link merged} would change nothing. Many servers stamp each reply with its own time: a later stamp alone is not news. */
function saysTheSame(known: TaskSnapshot, seen: SnapshotReading, partial: boolean): boolean {
  for (const field in seen) {
    if (field === "createdAt" || field === "lastUpdatedAt") continue;
    if (seen[field as keyof TaskSnapshot] !== known[field as keyof TaskSnapshot]) return false;
  }
  return partial || seen.statusMessage === known.statusMessage;
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
