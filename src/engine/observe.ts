import type { InputRequest } from "../protocol/input-request.ts";
import { sameJson } from "../protocol/json.ts";
import { isTerminal, type TaskSnapshot } from "../protocol/task-snapshot.ts";
import type { TaskView } from "../protocol/task-view.ts";
import { outcomeOf, settle } from "./outcome.ts";
import type { RecordedInput, TaskRecord } from "./record.ts";

/** Takes a reading of the task into the record. An outdated reading changes nothing. */
export function observe(record: TaskRecord, view: TaskView, now: number): TaskRecord {
  const { snapshot, payload } = view;
  if (record.outcome || isOutdated(record.snapshot, snapshot)) return record;
  const inputs = view.inputRequests ? mergeInputs(record.inputs, view.inputRequests, now) : record.inputs;
  const news: Partial<TaskRecord> = {
    stage: "running",
    taskId: snapshot.taskId,
    acceptedAt: record.acceptedAt ?? now,
    snapshot: sameJson(record.snapshot, snapshot) && record.snapshot ? record.snapshot : snapshot,
    inputs,
  };
  // Most polls bring nothing new, and then nothing is made anew.
  if (snapshot.status !== "cancelled" && !payload && isKnown(record, news)) return record;
  const seen = { ...record, ...news };
  if (snapshot.status === "cancelled") return settle(seen, { kind: "cancelled", confirmed: true }, now);
  return payload ? settle(seen, outcomeOf(snapshot, payload), now) : seen;
}

/** Replies and notifications may overtake each other; a terminal word is never taken back. */
export function isOutdated(known: TaskSnapshot | undefined, seen: TaskSnapshot): boolean {
  if (!known) return false;
  if (isTerminal(known.status)) return !isTerminal(seen.status);
  // The time is most often the same, and its text is quicker compared than read.
  if (isTerminal(seen.status) || seen.lastUpdatedAt === known.lastUpdatedAt) return false;
  return Date.parse(seen.lastUpdatedAt) < Date.parse(known.lastUpdatedAt);
}

/**
 * The server names all open questions each time (2026-07-28 tasks, "Task Polling"): new ones are
 * added, and those it no longer names are withdrawn. What was answered stays answered.
 */
function mergeInputs(
  known: readonly RecordedInput[],
  named: readonly InputRequest[],
  now: number,
): readonly RecordedInput[] {
  const keys = new Set(named.map(({ key }) => key));
  const kept = known.map((input): RecordedInput => {
    if (input.state === "open" && !keys.has(input.key)) return { ...input, state: "withdrawn" };
    if (input.state === "withdrawn" && keys.has(input.key)) return { ...input, state: "open" };
    return input;
  });
  const added = named
    .filter(({ key }) => !known.some((input) => input.key === key))
    .map((request): RecordedInput => ({ ...request, askedAt: now, state: "open" }));
  const merged = [...kept, ...added];
  return sameJson(known, merged) ? known : merged;
}

function isKnown(record: TaskRecord, news: Partial<TaskRecord>): boolean {
  return (Object.keys(news) as (keyof TaskRecord)[]).every((field) => record[field] === news[field]);
}
