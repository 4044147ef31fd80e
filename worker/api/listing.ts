import type { TaskJson } from "holdfast";
import type { GroupName } from "../objects/principal-directory-rpc.ts";
import type { PrincipalObjects } from "./stubs.ts";
import { decodeCursor, encodeCursor, readTaskId, taskIdOf } from "./task-id.ts";

export interface TaskFilter {
  readonly endpoint?: string | undefined;
  readonly status?: string | undefined;
  readonly tool?: string | undefined;
}

export interface TaskPage {
  readonly tasks: TaskJson[];
  readonly nextCursor?: string;
}

/**
 * One page of a principal's tasks over all its groups, the newest first. The time in an id orders it,
 * so that a cursor holds its place whatever comes or goes.
 * @returns undefined for a cursor that is none.
 */
export async function listTasks(
  objects: PrincipalObjects,
  filter: TaskFilter,
  limit: number,
  cursor: string | undefined,
): Promise<TaskPage | undefined> {
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  if (cursor !== undefined && after === undefined) return undefined;
  const groups = (await objects.directory.groups()).filter(
    ({ endpoint }) => filter.endpoint === undefined || endpoint === filter.endpoint,
  );
  const parts = await Promise.all(
    groups.map((group) =>
      objects.group(group).tasks({
        // One more than wanted, to know whether there is a next page.
        limit: limit + 1,
        ...(after !== undefined && { before: beforeIn(group, after) }),
        ...(filter.status !== undefined && { status: filter.status }),
        ...(filter.tool !== undefined && { tool: filter.tool }),
      }),
    ),
  );
  const all = parts
    .flat()
    .map((task) => ({ task, uuid: readTaskId(task.id)?.uuid ?? "" }))
    .sort((a, b) => (a.uuid < b.uuid ? 1 : -1));
  const page = all.slice(0, limit);
  const last = page.at(-1);
  return {
    tasks: page.map(({ task }) => task),
    ...(last && all.length > limit && { nextCursor: encodeCursor(last.uuid) }),
  };
}

/** Within a group, all ids begin alike: only the uuids order them. */
function beforeIn(group: GroupName, uuid: string): string {
  return taskIdOf(group, uuid);
}
