import type { TaskView } from "holdfast";
import type { TaskPage as GroupPage } from "holdfast/durable-object";
import type { GroupName } from "../directory/principal-directory-rpc.ts";
import { decodeCursor, encodeCursor, readTaskId, taskIdOf } from "../directory/task-id.ts";
import { log } from "../operations/log.ts";
import { inTime } from "./in-time.ts";
import type { PrincipalObjects } from "./objects.ts";

/** How long a page gets, as JSON text in characters; one task is always on it. */
const PAGE_LENGTH = 2 * 1024 * 1024;
/** How many groups are asked at the same time: each may answer with a page of its own. */
const ASKED_AT_ONCE = 8;
/** How long a group may take to answer, in ms: one that hangs must not hold up the others. */
const GROUP_MS = 10_000;

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

/** A group's part of a page, or nothing if it could not be read. */
interface Part {
  readonly group: GroupName;
  readonly page: GroupPage | undefined;
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
  const missing = new Set(parts.flatMap(({ group, page }) => (page ? [] : [group.endpoint])));
  return { ...merged(parts, limit), ...(missing.size > 0 && { missing: [...missing] }) };
}

function merged(parts: readonly Part[], limit: number): Pick<TaskPage, "tasks" | "nextCursor"> {
  const all = parts
    .flatMap(({ page }) =>
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

/** Asks a few groups at a time. A group that fails, or does not answer, costs no other one its part. */
async function partsOf(
  groups: readonly GroupName[],
  ask: (group: GroupName) => Promise<GroupPage>,
): Promise<readonly Part[]> {
  const parts: Part[] = [];
  const waiting = [...groups];
  let failure: unknown;
  const work = async (): Promise<void> => {
    for (let group = waiting.shift(); group; group = waiting.shift()) {
      try {
        parts.push({ group, page: await inTime(ask(group), GROUP_MS) });
      } catch (error) {
        failure = error;
        parts.push({ group, page: undefined });
        log("group-unreadable", { endpoint: group.endpoint, shard: group.shard, message: String(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, work));
  if (parts.length > 0 && parts.every(({ page }) => !page)) throw failure;
  return parts;
}
