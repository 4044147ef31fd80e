import { isObject } from "../protocol/json.ts";
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
