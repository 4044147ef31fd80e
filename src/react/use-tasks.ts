import { chosen, type TaskFilter } from "../observe/task-filter.ts";
import type { TaskView } from "../task-view.ts";
import { useSelection } from "./use-selection.ts";

/**
 * The views of all tasks the client holds, or of those that fit, the earliest first. The same array until one of
 * them changes. Empty on a server, and until they are listed: see `useTaskListing`.
 * @example
 * const running = useTasks({ endpoint: "papers", where: ({ outcome }) => !outcome });
 */
export function useTasks(filter?: TaskFilter): readonly TaskView[] {
  return useSelection((tasks) => chosen(tasks, filter));
}

/**
 * The ids alone: the same array until one is added or taken away. For long lists, whose rows each
 * look at their own task by `useTask`: then a change of a task renders its row, and nothing else.
 * @example
 * const rows = useTaskIds().map((id) => <Row key={id} id={id} />);
 */
export function useTaskIds(filter?: TaskFilter): readonly string[] {
  return useSelection((tasks) => chosen(tasks, filter).map(({ id }) => id));
}
