import type { TaskView } from "holdfast";
import { endedBadly } from "./task-words.ts";

export const GROUPINGS = ["none", "server", "tool", "conversation"] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** Tasks that belong together. */
export interface TaskGroup {
  /** Apart from the ids of tasks. */
  readonly id: string;
  /** The server's name, the tool's, or who is to learn of the end; empty where a task names nobody. */
  readonly name: string;
  readonly tasks: readonly TaskView[];
  /** How many of them run, ask, and have ended without a result. */
  readonly running: number;
  readonly asking: number;
  readonly failed: number;
}

/** Returns tasks in groups, in the order in which each group first comes. */
export function groupsOf(tasks: readonly TaskView[], by: Exclude<Grouping, "none">): readonly TaskGroup[] {
  const groups = alike(tasks, (task) => nameOf(task, by));
  return [...groups].map(([name, members]) => ({
    id: `${by} ${name}`,
    name,
    tasks: members,
    running: count(members, ({ outcome }) => !outcome),
    asking: count(members, ({ inputRequests }) => inputRequests.length > 0),
    failed: count(members, endedBadly),
  }));
}

/** Returns tasks by a word that many have in common, in the order in which each word first comes. */
export function alike(
  tasks: readonly TaskView[],
  wordOf: (task: TaskView) => string,
): ReadonlyMap<string, readonly TaskView[]> {
  const found = new Map<string, TaskView[]>();
  for (const task of tasks) {
    const word = wordOf(task);
    const known = found.get(word);
    if (known) known.push(task);
    else found.set(word, [task]);
  }
  return found;
}

function count(tasks: readonly TaskView[], isCounted: (task: TaskView) => boolean): number {
  return tasks.reduce((sum, task) => sum + Number(isCounted(task)), 0);
}

/** A task belongs to the conversation that it is delivered to; without one, to the trace that its call was part of. */
function nameOf({ endpoint, tool, addressees, trace }: TaskView, by: Exclude<Grouping, "none">): string {
  switch (by) {
    case "server":
      return endpoint;
    case "tool":
      return tool;
    case "conversation":
      return addressees?.[0] ?? (trace ? `trace ${trace.traceparent.split("-")[1]}` : "");
  }
}
