import type { TaskView } from "../task-view.ts";

/** Makes a list of all tasks. `before` is the list it made last, for what may be taken over from it. */
export type Selection<T> = (tasks: readonly TaskView[], before: readonly T[]) => readonly T[];

/** Returns `before` if `next` has the same items, so that nobody renders for nothing. */
export function sameOr<T>(before: readonly T[], next: readonly T[]): readonly T[] {
  const isSame = before.length === next.length && before.every((item, index) => Object.is(item, next[index]));
  return isSame ? before : next;
}
