import { hasTexts } from "../protocol/json.ts";
import type { TaskView } from "../task-view.ts";

/** Reads a view that another process sent. Returns `undefined` for anything else. Checks only what a handle relies on. */
export function readView(value: unknown): TaskView | undefined {
  if (!hasTexts(value, "id", "endpoint", "tool", "status")) return undefined;
  const { id, endpoint, tool, status, rev, createdAt, inputRequests, outcome } = value;
  if (!(id && endpoint && tool && status) || typeof rev !== "number" || typeof createdAt !== "number")
    return undefined;
  if (!Array.isArray(inputRequests) || !inputRequests.every((input) => hasTexts(input, "key", "method")))
    return undefined;
  if (outcome !== undefined && !hasTexts(outcome, "kind")) return undefined;
  return value as unknown as TaskView;
}
