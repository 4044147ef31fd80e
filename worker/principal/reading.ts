import type { Bindings } from "../bindings.ts";
import { limitsOf } from "../config/limits.ts";
import type { GroupName } from "../directory/principal-directory-rpc.ts";
import { readTaskId } from "../directory/task-id.ts";
import type { GroupStub } from "../group/group-stub.ts";
import { ProblemError, retryAfter } from "../http/problem.ts";
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
  const { readsPerMinute } = limitsOf(env);
  const admission = await objects.directory.read({ readsPerMinute, ...(of && { of }) });
  if (admission.ok) return admission.groups;
  const detail = "You read more often than is allowed within a minute.";
  throw new ProblemError(429, "reads-a-minute", detail, retryAfter(admission.retryAfterMs));
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
