import type { TaskView } from "holdfast";
import type { GroupStub } from "../group/group-stub.ts";

/** A task that neither works nor is being called: somebody has to do something about it now. */
function needsAttention(task: TaskView): boolean {
  return task.outcome !== undefined || task.status === "input_required";
}

/** The task once it is settled or asks, or as it is when `ms` are over. */
export async function untilAttention(
  group: GroupStub,
  id: string,
  ms: number,
  now: () => number = Date.now,
): Promise<TaskView | undefined> {
  const end = now() + ms;
  let task = await group.task(id);
  while (task && !needsAttention(task)) {
    const left = end - now();
    if (left <= 0) break;
    task = await group.task(id, { afterRev: task.rev, ms: left });
  }
  return task;
}

/** The task once its `rev` is not among those known, or as it is when `ms` are over. */
export async function untilNews(
  group: GroupStub,
  id: string,
  isKnown: (task: TaskView) => boolean,
  ms: number,
  now: () => number = Date.now,
): Promise<TaskView | undefined> {
  const end = now() + ms;
  let task = await group.task(id);
  while (task && !task.outcome && isKnown(task)) {
    const left = end - now();
    if (left <= 0) break;
    task = await group.task(id, { afterRev: task.rev, ms: left });
  }
  return task;
}

/** Whether an `If-None-Match` header names this entity tag (RFC 9110, 13.1.2). */
export function matchesNone(header: string, etag: string): boolean {
  const tags = header.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes("*") || tags.includes(etag);
}
