import type { JsonObject, TaskView } from "holdfast";
import { endingOf } from "../outcome.ts";
import { signInMessage } from "../sign-in-message.ts";
import { createdAt, pollMs, TTL_MS, updatedAt } from "../task-times.ts";

/** A task as every message of 2025-11-25 carries it. */
export function wireTask(task: TaskView): JsonObject {
  const message = messageOf(task);
  return {
    taskId: task.id,
    status: statusOf(task),
    ...(message !== undefined && { statusMessage: message }),
    createdAt: createdAt(task),
    lastUpdatedAt: updatedAt(task),
    ttl: TTL_MS,
    pollInterval: pollMs(task),
  };
}

/** Here a tool's own failure is the task's as well. */
function statusOf({ outcome, status, inputRequests }: TaskView): string {
  // `tasks/result` sends the question itself, whenever it is requested.
  if (!outcome) return status === "input_required" || inputRequests.length > 0 ? "input_required" : "working";
  const ending = endingOf(outcome);
  if (ending.kind === "cancelled") return "cancelled";
  return ending.kind === "error" || ending.result.isError ? "failed" : "completed";
}

function messageOf({ outcome, snapshot, retry }: TaskView): string | undefined {
  const ending = outcome && endingOf(outcome);
  return ending?.kind === "error" ? ending.error.message : (signInMessage(retry) ?? snapshot?.statusMessage);
}
