import { useEffect, useRef, useSyncExternalStore } from "react";
import { type Selection, selection } from "../observe/selection.ts";
import type { TaskView } from "../task-view.ts";
import { useClientTasks } from "./provider.ts";

const NOTHING: readonly never[] = [];
const nothing = (): readonly never[] => NOTHING;

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
    from = all;
    selected = selection(select, all, before);
    return selected;
  };
  const shown = useSyncExternalStore(tasks.subscribe, getSnapshot, nothing);
  useEffect(() => {
    committed.current = shown;
  }, [shown]);
  return shown;
}
