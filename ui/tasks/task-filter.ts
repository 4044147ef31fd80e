import type { TaskView } from "holdfast";
import { messageOf, statusOf } from "./task-words.ts";

export const KINDS = ["all", "running", "asking", "done", "failed"] as const;
export type Kind = (typeof KINDS)[number];

export interface Wanted {
  readonly kind: Kind;
  readonly text: string;
}

/** The tasks that are wanted, the newest first. */
export function wantedTasks(tasks: readonly TaskView[], { kind, text }: Wanted): readonly TaskView[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return tasks.filter((task) => isKind(task, kind) && words.every((word) => says(task, word))).reverse();
}

function isKind(task: TaskView, kind: Kind): boolean {
  switch (kind) {
    case "all":
      return true;
    case "running":
      return task.outcome === undefined;
    case "asking":
      return task.inputRequests.length > 0;
    case "done":
      return statusOf(task) === "completed";
    case "failed":
      return task.outcome !== undefined && statusOf(task) !== "completed";
  }
}

function says(shown: TaskView, word: string): boolean {
  const { tool, endpoint, id, taskId = "" } = shown;
  const said = [tool, endpoint, id, taskId, messageOf(shown), statusOf(shown)];
  return (
    said.some((text) => text.toLowerCase().includes(word)) || argumentsText(shown.arguments).includes(word)
  );
}

/** Arguments never change, and each key typed asks for those of every task. */
const TEXTS = new WeakMap<object, string>();

function argumentsText(args: object): string {
  const known = TEXTS.get(args) ?? JSON.stringify(args).toLowerCase();
  TEXTS.set(args, known);
  return known;
}
