import type { TaskRecord } from "./record.ts";
import { nextPoll, type Timing } from "./schedule.ts";
import type { Transition } from "./state.ts";

/** The record with what its next process must know to poll no faster than this one. */
export function withPace(
  before: TaskRecord,
  { state, commands }: Transition,
  now: number,
  timing: Timing,
): TaskRecord {
  const { record } = state;
  // Once one process keeps it, every other does.
  const kept = timing.persistPace || record.polledAt !== undefined;
  if (!kept || record.stage !== "running") return record;
  const polls =
    before.stage !== "running" ||
    commands.some((command) => command.type === "send" && command.operation === "get");
  return polls ? { ...record, polledAt: now } : record;
}

/** When a task whose pace was kept is due again, in the hands of another process. */
export function dueByPace(record: TaskRecord, now: number, timing: Timing): number | undefined {
  if (record.polledAt === undefined) return undefined;
  // Whatever the clock was set to meanwhile: no later than after one interval.
  return Math.min(nextPoll(record, timing, record.polledAt), nextPoll(record, timing, now));
}
