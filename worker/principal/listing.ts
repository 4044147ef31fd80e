import type { TaskView } from "holdfast";
import type { TaskPage as GroupPage } from "holdfast/durable-object";
import type { GroupName } from "../directory/principal-directory-rpc.ts";
import { decodeCursor, encodeCursor, readTaskId, taskIdOf } from "../directory/task-id.ts";
import type { PrincipalObjects } from "./objects.ts";
import { missingOf, type Part, partsOf } from "./parts.ts";

/** How long a page gets, as JSON text in characters; one task is always on it. */
const PAGE_LENGTH = 2 * 1024 * 1024;
export interface TaskFilter {
  readonly endpoint?: string | undefined;
  readonly status?: string | undefined;
  readonly tool?: string | undefined;
}

export interface TaskPage {
  readonly tasks: TaskView[];
  readonly nextCursor?: string;
  /** Endpoints some of whose tasks could not be read: they may be absent. */
  readonly missing?: string[];
}

/**
 * One page of a principal's tasks over all its groups, the newest first. The time in an id orders it,
 * so that a cursor holds its place whatever comes or goes.
 * @returns undefined for a cursor that no page gave.
 * @throws what the groups threw, if none of them could be read.
 */
export async function listTasks(
  objects: PrincipalObjects,
  groups: readonly GroupName[],
  filter: TaskFilter,
  limit: number,
  cursor: string | undefined,
): Promise<TaskPage | undefined> {
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  if (cursor !== undefined && after === undefined) return undefined;
  const parts = await partsOf(
    groups.filter(({ endpoint }) => filter.endpoint === undefined || endpoint === filter.endpoint),
    (group) =>
      objects.group(group).tasks({
        // One more than wanted, to know whether there is a next page.
        limit: limit + 1,
        // Within a group, all ids begin alike: only the uuids order them.
        ...(after !== undefined && { before: taskIdOf(group, after) }),
        ...(filter.status !== undefined && { status: filter.status }),
        ...(filter.tool !== undefined && { tool: filter.tool }),
      }),
  );
  return { ...merged(parts, limit), ...missingOf(parts) };
}

function merged(parts: readonly Part<GroupPage>[], limit: number): Pick<TaskPage, "tasks" | "nextCursor"> {
  const all = parts
    .flatMap(({ value: page }) =>
      (page?.tasks ?? []).map((task, index, tasks) => ({
        task,
        uuid: readTaskId(task.id)?.uuid ?? "",
        // What a full group has beyond this one is not known: it may be newer than the next of other groups.
        last: page?.full === true && index === tasks.length - 1,
      })),
    )
    .sort((a, b) => (a.uuid < b.uuid ? 1 : -1));
  const tasks: TaskView[] = [];
  let length = 0;
  for (const { task, uuid, last } of all) {
    length += JSON.stringify(task).length;
    tasks.push(task);
    const next = all[tasks.length];
    const isFull = tasks.length >= limit || (next && length + JSON.stringify(next.task).length > PAGE_LENGTH);
    if (last || (isFull && next)) return { tasks, nextCursor: encodeCursor(uuid) };
  }
  return { tasks };
}
