import type { Bindings } from "../bindings.ts";
import { limitsOf } from "../config/limits.ts";
import type { GroupName, ReadAdmission, ReadAsk } from "../directory/principal-directory-rpc.ts";
import { readTaskId } from "../directory/task-id.ts";
import type { GroupStub } from "../group/group-stub.ts";
import { ProblemError, retryAfter } from "../http/problem.ts";
import { RecentMap } from "../recent-map.ts";
import { PrincipalObjects } from "./objects.ts";
import { unknownTask } from "./reply.ts";

/**
 * Counts a read of the principal, once for each group it needs, and returns those of the groups that exist.
 * @param of The group it needs; without one, all.
 * @throws ProblemError 429 for more than `readsPerMinute`.
 */
export async function readGroups(
  env: object,
  objects: PrincipalObjects,
  of?: GroupName,
): Promise<readonly GroupName[]> {
  return (await admittedRead(env, objects, of && { of })).groups;
}

async function admittedRead(
  env: object,
  objects: PrincipalObjects,
  ask?: Omit<ReadAsk, "readsPerMinute">,
): Promise<Extract<ReadAdmission, { readonly ok: true }>> {
  const { readsPerMinute } = limitsOf(env);
  const admission = await objects.directory.read({ readsPerMinute, ...ask });
  if (admission.ok) return admission;
  const detail = "You read more often than is allowed within a minute.";
  throw new ProblemError(429, "reads-a-minute", detail, retryAfter(admission.retryAfterMs));
}

interface LeasedReads {
  left: number;
  readonly until: number;
}

/** Which share of `readsPerMinute` is leased at a time, and how long the reads may wait to be made, in ms. */
const LEASED_SHARE = 1 / 100;
const LEASE_MS = 10_000;
/** How many groups have a lease in this isolate, the latest. */
const MOST_LEASES = 10_000;

const leases = new RecentMap<string, LeasedReads>(MOST_LEASES);

/**
 * Counts a read of one group. Reads are leased from the directory, which counts them when it leases them: it is not asked for each.
 * @throws ProblemError 429 for more than `readsPerMinute`.
 */
export async function countRead(env: object, objects: PrincipalObjects, of: GroupName): Promise<void> {
  const name = JSON.stringify([objects.principal, of.endpoint, of.shard]);
  const known = leases.get(name);
  if (known && known.left > 0 && Date.now() < known.until) {
    known.left -= 1;
    return;
  }
  const lease = Math.floor(limitsOf(env).readsPerMinute * LEASED_SHARE);
  const { leased } = await admittedRead(env, objects, { of, lease });
  leases.delete(name);
  if (leased > 0) leases.set(name, { left: leased, until: Date.now() + LEASE_MS });
}

/**
 * The object that holds this task: always one of the caller's own, and never one that a made-up id names.
 * @throws ProblemError for an unknown id, and 429 for more than `readsPerMinute`.
 */
export async function groupWith(env: Bindings, principal: string, id: string): Promise<GroupStub> {
  const address = readTaskId(id);
  const objects = new PrincipalObjects(env, principal);
  const [group] = address ? await readGroups(env, objects, address) : [];
  if (!group) throw unknownTask();
  return objects.group(group);
}
