import { hasTexts } from "../protocol/json.ts";
import type { TaskView } from "../task-view.ts";

/** Reads a view that another process sent. Returns `undefined` for anything else. Checks only what a handle relies on. */
export function readView(value: unknown): TaskView | undefined {
  if (!hasTexts(value, "id", "endpoint", "tool", "status")) return undefined;
  const { id, endpoint, tool, status, rev, createdAt, inputRequests, outcome } = value;
  const isView =
    id &&
    endpoint &&
    tool &&
    status &&
    typeof rev === "number" &&
    typeof createdAt === "number" &&
    Array.isArray(inputRequests) &&
    inputRequests.every((input) => hasTexts(input, "key", "method")) &&
    (outcome === undefined || hasTexts(outcome, "kind"));
  return isView ? (value as unknown as TaskView) : undefined;
}
