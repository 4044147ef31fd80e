import type { TaskView } from "holdfast";

/** Whether the results of two tasks can be compared: both are of one tool, and the other has completed. */
export function isComparable(task: TaskView, other: TaskView): boolean {
  return (
    other.id !== task.id &&
    other.tool === task.tool &&
    other.endpoint === task.endpoint &&
    other.outcome?.kind === "completed"
  );
}
