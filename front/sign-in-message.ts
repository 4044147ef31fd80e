import type { TaskView } from "holdfast";

/** What a person has to do before the task can go on, where its server takes none of the credentials; else undefined. */
export function signInMessage(retry: TaskView["retry"]): string | undefined {
  return retry?.failure.kind === "unauthorized" ? retry.failure.message : undefined;
}
