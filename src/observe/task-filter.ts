import type { TaskStatus } from "../task-status.ts";
import type { TaskView } from "../task-view.ts";

/** Which tasks are wanted: those that fit every part that is given. A list fits by any of its entries. */
export interface TaskFilter {
  readonly endpoint?: string | readonly string[];
  readonly tool?: string | readonly string[];
  readonly status?: TaskStatus | readonly TaskStatus[];
  /** Looks at nothing but the task it is given, and what the component is rendered with. */
  readonly where?: (task: TaskView) => boolean;
}

export function chosen(tasks: readonly TaskView[], filter: TaskFilter | undefined): readonly TaskView[] {
  if (!filter) return tasks;
  const { endpoint, tool, status, where } = filter;
  return tasks.filter(
    (task) =>
      fits(endpoint, task.endpoint) &&
      fits(tool, task.tool) &&
      fits(status, task.status) &&
      (where?.(task) ?? true),
  );
}

function fits<T extends string>(wanted: T | readonly T[] | undefined, value: T): boolean {
  if (wanted === undefined) return true;
  return typeof wanted === "string" ? wanted === value : wanted.includes(value);
}
