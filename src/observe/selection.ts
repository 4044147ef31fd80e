import type { TaskView } from "../task-view.ts";

/** Makes a list of all tasks. `before` is the list it made last, for what may be taken over from it. */
export type Selection<T> = (tasks: readonly TaskView[], before: readonly T[]) => readonly T[];

/** Returns the list that is made of all tasks, or `before` if that has the same items, so that nobody renders for nothing. */
export function selection<T>(
  select: Selection<T>,
  all: readonly TaskView[],
  before: readonly T[],
): readonly T[] {
  const next = select(all, before);
  // The list of all tasks is another one only when a task is: thousands are not compared for that.
  const isSame =
    (next as readonly unknown[]) !== all &&
    before.length === next.length &&
    before.every((item, index) => Object.is(item, next[index]));
  return isSame ? before : next;
}
