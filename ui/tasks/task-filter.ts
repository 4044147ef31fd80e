import type { ShownTask } from "../clients/hooks.ts";
import { messageOf, standingOf } from "./task-words.ts";

export const KINDS = ["all", "running", "asking", "done", "failed"] as const;
export type Kind = (typeof KINDS)[number];

export interface Wanted {
  readonly kind: Kind;
  readonly text: string;
}

/** The tasks that are wanted, the newest first. */
export function wantedTasks(tasks: readonly ShownTask[], { kind, text }: Wanted): readonly ShownTask[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return tasks.filter((task) => isKind(task, kind) && words.every((word) => says(task, word))).reverse();
}

function isKind(task: ShownTask, kind: Kind): boolean {
  switch (kind) {
    case "all":
      return true;
    case "running":
      return task.outcome === undefined;
    case "asking":
      return task.inputRequests.length > 0;
    case "done":
      return standingOf(task) === "completed";
    case "failed":
      return task.outcome !== undefined && standingOf(task) !== "completed";
  }
}

function says(shown: ShownTask, word: string): boolean {
  const { task, tool, endpoint, id } = shown;
  const said = [tool, endpoint, id, task.taskId ?? "", messageOf(shown), standingOf(shown)];
  return (
    said.some((text) => text.toLowerCase().includes(word)) || argumentsText(task.arguments).includes(word)
  );
}

/** Arguments never change, and each key typed asks for those of every task. */
const TEXTS = new WeakMap<object, string>();

function argumentsText(args: object): string {
  const known = TEXTS.get(args) ?? JSON.stringify(args).toLowerCase();
  TEXTS.set(args, known);
  return known;
}
