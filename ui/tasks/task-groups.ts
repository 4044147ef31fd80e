import type { TaskView } from "holdfast";

export const GROUPINGS = ["none", "server", "tool", "conversation"] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** Tasks that belong together. */
export interface TaskGroup {
  /** Apart from the ids of tasks. */
  readonly id: string;
  /** The server's name, the tool's, or who is to learn of the end; empty where a task names nobody. */
  readonly name: string;
  readonly tasks: readonly TaskView[];
}

/** Returns tasks in groups, in the order in which each group first comes. */
export function groupsOf(tasks: readonly TaskView[], by: Exclude<Grouping, "none">): readonly TaskGroup[] {
  const groups = new Map<string, TaskView[]>();
  for (const task of tasks) {
    const name = nameOf(task, by);
    const known = groups.get(name);
    if (known) known.push(task);
    else groups.set(name, [task]);
  }
  return [...groups].map(([name, members]) => ({ id: `${by} ${name}`, name, tasks: members }));
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
