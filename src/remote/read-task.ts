import { isObject, sameJson } from "../protocol/json.ts";
import type { TaskJson } from "../task-json.ts";

/** A task as the worker told of it, or `undefined` if this is none. What a handle relies on is looked at, no more. */
export function readTask(value: unknown): TaskJson | undefined {
  if (!isObject(value)) return undefined;
  const { id, endpoint, tool, status, rev, createdAt, inputRequests, outcome } = value;
  const named = [id, endpoint, tool, status].every((field) => typeof field === "string" && field !== "");
  if (!named || typeof rev !== "number" || typeof createdAt !== "number") return undefined;
  if (!Array.isArray(inputRequests) || !inputRequests.every(isQuestion)) return undefined;
  if (outcome !== undefined && !(isObject(outcome) && typeof outcome.kind === "string")) return undefined;
  return value as unknown as TaskJson;
}

function isQuestion(value: unknown): boolean {
  return isObject(value) && typeof value.key === "string" && typeof value.method === "string";
}

/** The later task, with the very objects of the earlier where nothing changed: handles compare them by identity. */
export function withKnownParts(later: TaskJson, earlier: TaskJson | undefined): TaskJson {
  if (!earlier) return later;
  const { snapshot, progress, trouble } = later;
  return {
    ...later,
    ...(snapshot && { snapshot: known(snapshot, earlier.snapshot) }),
    ...(progress && { progress: known(progress, earlier.progress) }),
    ...(trouble && { trouble: known(trouble, earlier.trouble) }),
  };
}

function known<T>(later: T, earlier: T | undefined): T {
  return earlier !== undefined && sameJson(later, earlier) ? earlier : later;
}
