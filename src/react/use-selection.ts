import { useEffect, useRef, useSyncExternalStore } from "react";
import type { TaskView } from "../task-view.ts";
import { useClientTasks } from "./provider.ts";

const NOTHING: readonly never[] = [];
const nothing = (): readonly never[] => NOTHING;

/** Makes a list of all tasks. `before` is the list it made last, for what may be taken over from it. */
export type Selection<T> = (tasks: readonly TaskView[], before: readonly T[]) => readonly T[];

/**
 * A list made of all tasks: the same array as long as its items are, although `select` is a new
 * function in every render. The component renders again only when they are not.
 */
export function useSelection<T>(select: Selection<T>): readonly T[] {
  const tasks = useClientTasks();
  const committed = useRef<readonly T[]>(NOTHING);
  let from: readonly TaskView[] | undefined;
  let selected: readonly T[] | undefined;
  const getSnapshot = (): readonly T[] => {
    const all = tasks.all();
    if (selected && from === all) return selected;
    const before = selected ?? committed.current;
    const next = select(all, before);
    from = all;
    selected = sameItems(before, next) ? before : next;
    return selected;
  };
  const selection = useSyncExternalStore(tasks.subscribe, getSnapshot, nothing);
  useEffect(() => {
    committed.current = selection;
  }, [selection]);
  return selection;
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => Object.is(item, b[index]));
}
