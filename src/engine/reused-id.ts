import { defined } from "../protocol/json.ts";
import type { SnapshotReading } from "../protocol/task-snapshot.ts";
import { readTime } from "../protocol/time-stamp.ts";
import type { TaskRecord } from "./record.ts";
import type { TaskState } from "./state.ts";

/** A `createdAt` that is not the task's. `moves`: the server stamps its replies, and the stamp says nothing of the task. */
export interface Doubt {
  readonly createdAt: string;
  /** When it was first seen, by our clock. */
  readonly since: number;
  readonly moves?: true;
}

/** How far apart the stamps of one creation may be, in ms: some servers stamp the reply and the stored task one after the other. */
const SLACK_MS = 100;
/** The same where a stamp has only whole seconds. */
const SECONDS_SLACK_MS = 1_000;
/**
 * How long a stamp must stay the same before it counts as the creation of another task, in ms: longer than coarse clocks
 * stand still. The server must also have said something later of that task, as no stamp of a reply's own time allows.
 */
export const SETTLED_MS = 10_000;
/** The same where the server has said nothing later, in ms: longer than a cached reply is repeated. */
const CACHED_MS = 30_000;

/**
 * Compares the task of a reading with the task of the record. A server that restarts may use an id again: then
 * `createdAt` is later than all that the server has said of this task, and stays so. A server that stamps each
 * reply with its own time moves it on with every reading, or every few seconds where it caches them. One reading
 * cannot distinguish the two, so it takes two.
 */
export function doubted(
  { record, doubt: before = record.doubt, stampedAt }: TaskState,
  { createdAt = "" }: SnapshotReading,
  now: number,
): Doubt | undefined {
  const known = record.snapshot;
  if (!known || before?.moves) return before;
  if (createdAt === known.createdAt) return undefined;
  const made = readTime(createdAt);
  const said = stampedAt ?? readTime(known.lastUpdatedAt);
  if (!(distance(known.createdAt, createdAt) > 0) || made <= said) return undefined;
  if (!before) return { createdAt, since: now };
  // The stored task has one stamp: here a second more is another one, also where there are only whole seconds.
  if (Math.abs(made - readTime(before.createdAt)) > SLACK_MS) return { createdAt, since: now, moves: true };
  // The clock was set back: the time begins anew.
  return before.since > now ? { createdAt, since: now } : before;
}

/**
 * Whether a notification is about an earlier task, whose id the server uses again: streams can hold them back for minutes.
 * A server that stamps each message with its own time looks the same where messages overtake each other.
 */
export function isOfEarlierTask(
  { record: { snapshot } }: TaskState,
  { createdAt = "" }: SnapshotReading,
): boolean {
  return snapshot !== undefined && distance(createdAt, snapshot.createdAt) > 0;
}

/**
 * Whether it is certain that the reading is about another task.
 * @param polledFrom When its request was sent. Replies that wait in a frozen page may have been stamped in one second.
 */
export function isAnother(
  doubt: Doubt,
  before: Doubt | undefined,
  { lastUpdatedAt = "" }: SnapshotReading,
  polledFrom: number = doubt.since,
): boolean {
  if (doubt !== before || doubt.moves) return false;
  const saidLater = distance(doubt.createdAt, lastUpdatedAt) > 0;
  return polledFrom - doubt.since >= (saidLater ? SETTLED_MS : CACHED_MS);
}

/**
 * Whether the server forgot this task, since it gave the task of another call the same id later: then no two readings
 * are needed. With one stamp, both calls may have been given one task; a stamp that moves says nothing.
 */
export function isForgotten(
  { record, doubt = record.doubt }: TaskState,
  { record: other }: TaskState,
): boolean {
  const made = readTime(record.snapshot?.createdAt ?? "");
  return !doubt?.moves && made < readTime(other.snapshot?.createdAt ?? "");
}

export function reusedId({ taskId, snapshot }: TaskRecord, by: Pick<Doubt, "createdAt"> | undefined): string {
  return `The server uses the id ${taskId} for another task: it was created at ${by?.createdAt}, and this call's task at ${snapshot?.createdAt}. The server forgot this call's task`;
}

/** Keeps a doubt in the record only with news, so that polls that bring nothing new still write nothing. */
export function withDoubt(record: TaskRecord, doubt: Doubt | undefined, news: boolean): TaskRecord {
  if (record.doubt === doubt || (doubt && !news)) return record;
  return defined({ ...record, doubt }) as TaskRecord;
}

/** How much later than `a` the stamp `b` is, in ms: 0 where they may be the same instant, NaN where that cannot be known. */
function distance(a: string, b: string): number {
  if (ZONE.test(a) !== ZONE.test(b)) return Number.NaN;
  const ms = readTime(b) - readTime(a);
  const slack = a.includes(".") && b.includes(".") ? SLACK_MS : SECONDS_SLACK_MS;
  return Math.abs(ms) <= slack ? 0 : ms;
}

const ZONE = /(z|[+-]\d\d:?\d\d)\s*$/i;
