import { readTaskId } from "../../directory/task-id.ts";

/**
 * What a client echoes when it answers before there is a task for it: the id of ours. It is not sealed, for it gives nobody
 * anything: an id is looked up among the caller's own tasks, and checked against the call it comes with.
 */
export function requestStateOf(id: string): string {
  return `holdfast:${id}`;
}

export function taskIn(requestState: unknown): string | undefined {
  if (typeof requestState !== "string" || !requestState.startsWith("holdfast:")) return undefined;
  const id = requestState.slice("holdfast:".length);
  return readTaskId(id) && id;
}
