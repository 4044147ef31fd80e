import type { TaskView } from "../task-view.ts";
import type { SqlRow } from "./storage.ts";

/** How long a page of a list gets, as JSON text, in characters; one task is always on it. */
const PAGE_LENGTH = 1024 * 1024;

/** What to list: the newest first, by their ids. */
export interface TaskQuery {
  /** Only ids before this one. */
  readonly before?: string;
  readonly limit: number;
  /** One of the statuses, or `unfinished`: those without an outcome. */
  readonly status?: string;
  readonly tool?: string;
}

/** One page of a list. */
export interface TaskPage {
  readonly tasks: readonly TaskView[];
  /** The page is full by its length, and fewer tasks are on it than were asked for: there are more. */
  readonly full: boolean;
}

/**
 * Returns the page that a query asks for.
 * @param select Runs a statement over all tasks.
 * @param viewOf Reads a task without what is long in it.
 */
export function pageOf(
  { before, limit, status, tool }: TaskQuery,
  select: (query: string, ...bindings: (string | number)[]) => readonly SqlRow[],
  viewOf: (id: string) => TaskView | undefined,
): TaskPage {
  const unfinished = status === "unfinished";
  const wanted: [string, string | number | undefined][] = [
    ["id < ?", before],
    ["settled = ?", unfinished ? 0 : undefined],
    ["status = ?", unfinished ? undefined : status],
    ["tool = ?", tool],
  ];
  const given = wanted.filter((entry): entry is [string, string | number] => entry[1] !== undefined);
  const where = given.map(([condition]) => condition).join(" AND ") || "1";
  const ids = select(
    `SELECT id FROM task WHERE ${where} ORDER BY id DESC LIMIT ?`,
    ...given.map(([, value]) => value),
    limit,
  );
  const tasks: TaskView[] = [];
  let length = 0;
  // One by one: rows written by an earlier version may be long.
  for (const { id } of ids) {
    const task = viewOf(String(id));
    if (!task) continue;
    length += JSON.stringify(task).length;
    if (tasks.length > 0 && length > PAGE_LENGTH) return { tasks, full: true };
    tasks.push(task);
  }
  return { tasks, full: false };
}
