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
  const seen: TaskRecord = {
    ...record,
    stage: "running",
    taskId: snapshot.taskId,
    acceptedAt: record.acceptedAt ?? now,
    snapshot: sameJson(record.snapshot, snapshot) && record.snapshot ? record.snapshot : snapshot,
    inputs,
  };
  if (snapshot.status === "cancelled") return settle(seen, { kind: "cancelled", confirmed: true }, now);
  if (payload) return settle(seen, outcomeOf(snapshot, payload), now);
  return unchanged(record, seen) ? record : seen;
}

/** Replies and notifications may overtake each other; a terminal word is never taken back. */
export function isOutdated(known: TaskSnapshot | undefined, seen: TaskSnapshot): boolean {
  if (!known) return false;
  if (isTerminal(known.status)) return !isTerminal(seen.status);
  if (isTerminal(seen.status)) return false;
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

function unchanged(before: TaskRecord, after: TaskRecord): boolean {
  return (
    before.stage === after.stage &&
    before.taskId === after.taskId &&
    before.acceptedAt === after.acceptedAt &&
    before.snapshot === after.snapshot &&
    before.inputs === after.inputs
  );
}
