import type { TaskClientApi, TaskView, ToolResult } from "holdfast";

/** A task as it is exported: with the long parts that lists leave out. */
interface Exported {
  readonly task: TaskView;
  readonly result?: ToolResult;
  /** Why its result is not here. */
  readonly problem?: string;
}

/** How many tasks are read at the same time: each may have a long result. */
const AT_ONCE = 4;

/** Tasks with their arguments and results, as they are written to a file. */
export async function exportedTasks(
  client: Pick<TaskClientApi, "get">,
  views: readonly TaskView[],
): Promise<readonly Exported[]> {
  const exported = new Map<string, Exported>();
  const waiting = [...views];
  const work = async (): Promise<void> => {
    for (let view = waiting.shift(); view; view = waiting.shift())
      exported.set(view.id, await exportedOf(client, view));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return views.flatMap(({ id }) => exported.get(id) ?? []);
}

/** A file's text: these parts, and when they were exported. */
export function exportText(parts: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ exportedAt: new Date().toISOString(), ...parts }, undefined, 2);
}

async function exportedOf(client: Pick<TaskClientApi, "get">, listed: TaskView): Promise<Exported> {
  try {
    const task = await client.get(listed.id);
    if (!task) return { task: listed, problem: "The task is no longer kept" };
    const { outcome } = task.view;
    const isApart = outcome?.kind === "completed" && outcome.apart === true;
    return { task: task.view, ...(isApart && { result: await task.result() }) };
  } catch (error) {
    return { task: listed, problem: error instanceof Error ? error.message : String(error) };
  }
}
