import type { Task, TaskUpdate } from "../task.ts";

/**
 * A task at one moment, as a component shows it: it never changes, and the task's next state is
 * another object. `task` is the handle, for `result()`, `cancel()` and what never changes; its own
 * state is always the latest, so that a component should show this object's.
 */
export interface ShownTask extends TaskUpdate {
  readonly id: string;
  readonly endpoint: string;
  readonly tool: string;
  /** When the call was made: ms since 1970. */
  readonly createdAt: number;
  readonly task: Task;
}

export function shownTask(task: Task, update: TaskUpdate): ShownTask {
  const { id, endpoint, tool, createdAt } = task;
  return { ...update, id, endpoint, tool, createdAt, task };
}
