import type { JsonObject, TaskView } from "holdfast";
import { endingOf } from "../outcome.ts";
import { signInMessage } from "../sign-in-message.ts";
import { createdAt, pollMs, TTL_MS, updatedAt } from "../task-times.ts";

/** A task without what its status brings along, as it is created. */
export function briefTask(task: TaskView): JsonObject {
  return {
    taskId: task.id,
    status: statusOf(task),
    ...messageOf(task),
    createdAt: createdAt(task),
    lastUpdatedAt: updatedAt(task),
    ttlMs: TTL_MS,
    pollIntervalMs: pollMs(task),
  };
}

/** A task as `tasks/get` and `notifications/tasks` carry it. */
export function detailedTask(task: TaskView): JsonObject {
  return { ...briefTask(task), ...payloadOf(task) };
}

function statusOf({ outcome, inputRequests }: TaskView): string {
  if (!outcome) return inputRequests.length > 0 ? "input_required" : "working";
  const { kind } = endingOf(outcome);
  return kind === "result" ? "completed" : kind === "error" ? "failed" : "cancelled";
}

function messageOf({ outcome, snapshot, retry }: TaskView): JsonObject {
  const ending = outcome && endingOf(outcome);
  const message =
    ending?.kind === "error" ? ending.error.message : (signInMessage(retry) ?? snapshot?.statusMessage);
  return message === undefined ? {} : { statusMessage: message };
}

function payloadOf({ outcome, inputRequests }: TaskView): JsonObject {
  if (!outcome) {
    if (inputRequests.length === 0) return {};
    const asked = inputRequests.map(({ key, method, params }) => [key, { method, params }]);
    return { inputRequests: Object.fromEntries(asked) as JsonObject };
  }
  const ending = endingOf(outcome);
  if (ending.kind === "result") return { result: { ...ending.result, resultType: "complete" } as JsonObject };
  return ending.kind === "error" ? { error: { ...ending.error } as JsonObject } : {};
}
