import type { GroupName } from "../directory/principal-directory-rpc.ts";
import { inTime } from "../http/in-time.ts";
import { log } from "../operations/log.ts";

/** How many groups are asked at the same time: each may answer with a page of its own. */
const ASKED_AT_ONCE = 8;
/** How long a group may take to answer, in ms: one that hangs must not hold up the others. */
const GROUP_MS = 10_000;

/** What one group answers, or nothing if it could not be read. */
export interface Part<T> {
  readonly group: GroupName;
  readonly value: T | undefined;
}

/**
 * Asks a few groups at a time. A group that fails, or does not answer, costs no other one its part.
 * @throws what the groups threw, if none of them could be read.
 */
export async function partsOf<T>(
  groups: readonly GroupName[],
  ask: (group: GroupName) => Promise<T>,
): Promise<readonly Part<T>[]> {
  const parts: Part<T>[] = [];
  const waiting = [...groups];
  let failure: unknown;
  const work = async (): Promise<void> => {
    for (let group = waiting.shift(); group; group = waiting.shift()) {
      try {
        parts.push({ group, value: await inTime(ask(group), GROUP_MS) });
      } catch (error) {
        failure = error;
        parts.push({ group, value: undefined });
        log("group-unreadable", { endpoint: group.endpoint, shard: group.shard, message: String(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, work));
  if (parts.length > 0 && parts.every(({ value }) => value === undefined)) throw failure;
  return parts;
}

/** The endpoints some of whose tasks could not be read, if there are any. */
export function missingOf(parts: readonly Part<unknown>[]): { missing?: string[] } {
  const missing = new Set(parts.flatMap(({ group, value }) => (value === undefined ? [group.endpoint] : [])));
  return missing.size > 0 ? { missing: [...missing] } : {};
}
