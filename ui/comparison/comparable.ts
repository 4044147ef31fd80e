import type { TaskView } from "holdfast";

/** The other completed tasks of the same tool, the newest first. */
export function comparableWith(
  { id, endpoint, tool }: TaskView,
  tasks: readonly TaskView[],
): readonly TaskView[] {
  return tasks
    .filter(
      (other) =>
        other.id !== id &&
        other.tool === tool &&
        other.endpoint === endpoint &&
        other.outcome?.kind === "completed",
    )
    .reverse();
}
