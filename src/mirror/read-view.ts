import { isObject } from "../protocol/json.ts";
import type { TaskView } from "../task-view.ts";

/** Reads a view that another process sent. Returns `undefined` for anything else. Checks only what a handle relies on. */
export function readView(value: unknown): TaskView | undefined {
  if (!isObject(value)) return undefined;
  const { id, endpoint, tool, status, rev, createdAt, inputRequests, outcome } = value;
  const named = [id, endpoint, tool, status].every((field) => typeof field === "string" && field !== "");
  if (!named || typeof rev !== "number" || typeof createdAt !== "number") return undefined;
  if (!Array.isArray(inputRequests) || !inputRequests.every(isQuestion)) return undefined;
  if (outcome !== undefined && !(isObject(outcome) && typeof outcome.kind === "string")) return undefined;
  return value as unknown as TaskView;
}

function isQuestion(value: unknown): boolean {
  return isObject(value) && typeof value.key === "string" && typeof value.method === "string";
}
