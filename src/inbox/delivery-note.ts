import { checkedAddressees } from "../engine/addressees.ts";
import { MAX_QUESTIONS } from "../protocol/bounds.ts";
import { isObject } from "../protocol/json.ts";
import type { TaskView } from "../task-view.ts";

/**
 * Who is to learn of a task's end and of its questions. Whether one is undelivered follows from the record: it has the outcome,
 * or the open question, and the note beside it has no acknowledgement. So an outcome and its being undelivered are one write.
 *
 * The note is apart from the record: any process may acknowledge, whichever runs the task, also after the outcome, which is final.
 */
export interface DeliveryNote {
  /** The id of the task. */
  readonly id: string;
  /** Those that were added after the call. */
  readonly addressees: readonly string[];
  readonly marks: readonly DeliveryMark[];
}

/** A lease or an acknowledgement. */
export interface DeliveryMark {
  readonly to: string;
  /** The key of the question. Absent for the end. */
  readonly key?: string | undefined;
  /** The receipt of the delivery that leased or acknowledged it. */
  readonly by: string;
  /** When the lease began and when it ends, in ms since 1970. Absent once it is acknowledged. */
  readonly lease?: readonly [from: number, until: number];
}

/** The end of a task (no key), or one of its questions, to one addressee. */
export type DeliveryItem = Pick<DeliveryMark, "to" | "key">;

/** What must be known of a task to find what it has to deliver. */
export type Deliverable = Pick<TaskView, "addressees" | "outcome" | "inputRequests">;

/** Reads what a store noted, or makes the first note. Nothing of what is stored is relied on. */
export function readNote(stored: unknown, task?: string): DeliveryNote {
  const { id = task, addressees, marks } = isObject(stored) ? stored : {};
  return {
    id: String(id),
    addressees: Array.isArray(addressees) ? addressees : [],
    marks: Array.isArray(marks) ? marks : [],
  };
}

/** Throws a TypeError, as {@link checkedAddressees} does. */
export function withAddressee(note: DeliveryNote, name: string): DeliveryNote {
  return { ...note, addressees: checkedAddressees([...note.addressees, name]) };
}

/** Whether the addressee is one of the task's. */
export function isAddressed(
  task: Pick<Deliverable, "addressees">,
  note: DeliveryNote | undefined,
  to: string,
): boolean {
  return (task.addressees?.includes(to) || note?.addressees.includes(to)) ?? false;
}

/** What the addressee has not acknowledged: the end, or each open question. */
export function undelivered(
  task: Deliverable,
  note: DeliveryNote | undefined,
  to: string,
): readonly DeliveryItem[] {
  if (!isAddressed(task, note, to)) return [];
  const keys = task.outcome ? [undefined] : task.inputRequests.map(({ key }) => key);
  return keys.map((key) => ({ to, key })).filter((item) => !isAcknowledged(markOf(note, item)));
}

/**
 * Leases an item. Returns `undefined` if it is acknowledged, or another lease lasts: of the item, or of the task's end, whose
 * holder waits for the task and returns its questions, too.
 */
export function leased(
  note: DeliveryNote,
  item: DeliveryItem,
  by: string,
  now: number,
  ms: number,
): DeliveryNote | undefined {
  const mark = markOf(note, item);
  const isHeld = [mark, markOf(note, { to: item.to })].some((held) => lasts(held, now) && held?.by !== by);
  return isHeld || isAcknowledged(mark) ? undefined : marked(note, { ...item, by, lease: [now, now + ms] });
}

/** For how long an item is leased yet, in ms; 0 if it is not. */
export function leaseLeft(note: DeliveryNote | undefined, { to, key }: DeliveryItem, now: number): number {
  const ends = [key, undefined].map((of) => {
    const mark = markOf(note, { to, key: of });
    return lasts(mark, now) ? (mark?.lease?.[1] ?? now) : now;
  });
  return Math.max(...ends) - now;
}

/** A clock that was set back must not make a lease last longer. */
function lasts(mark: DeliveryMark | undefined, now: number): boolean {
  return mark?.lease !== undefined && mark.lease[0] <= now && now < mark.lease[1];
}

/** Acknowledges an item, unless another delivery did. It may do so after its lease has ended. */
export function acknowledged(note: DeliveryNote, item: DeliveryItem, by: string): DeliveryNote | undefined {
  const mark = markOf(note, item);
  if (isAcknowledged(mark)) return mark?.by === by ? note : undefined;
  return marked(note, { ...item, by });
}

function markOf(note: DeliveryNote | undefined, { to, key }: DeliveryItem): DeliveryMark | undefined {
  return note?.marks.find((mark) => mark.to === to && mark.key === key);
}

function isAcknowledged(mark: DeliveryMark | undefined): boolean {
  return mark !== undefined && !mark.lease;
}

/** Of too many marks the earliest are dropped: their questions are over, most likely. */
function marked(note: DeliveryNote, mark: DeliveryMark): DeliveryNote {
  const marks = [...note.marks.filter(({ to, key }) => to !== mark.to || key !== mark.key), mark];
  while (marks.length > 1 && JSON.stringify(marks).length > MAX_QUESTIONS) marks.shift();
  return { ...note, marks };
}
