import type { Outcome, TaskView } from "holdfast";
import { askedIn } from "../questions/asked.ts";
import type { Moment } from "./moment.ts";

/** The moments of a task that its present view shows. */
export function seenNow(task: TaskView, now: number): readonly Moment[] {
  const { acceptedAt, taskId, snapshot, progress, retry, outcome } = task;
  const moments: Moment[] = [
    { key: "called", at: task.createdAt, kind: "called", text: `${task.tool} was called` },
  ];
  if (acceptedAt !== undefined && taskId !== undefined) {
    moments.push({
      key: "accepted",
      at: acceptedAt,
      kind: "accepted",
      text: `The server created task ${taskId}`,
    });
  }
  const message = progress?.message ?? snapshot?.statusMessage;
  // An outcome says the last of it itself.
  if (message !== undefined && message !== "" && !outcome) {
    moments.push({ key: `message ${message}`, at: now, kind: "message", text: message });
  }
  for (const request of task.inputRequests)
    moments.push({ key: questionKey(request.key), at: now, kind: "question", text: askedIn(request) });
  if (retry) {
    moments.push({
      key: `retry ${retry.since}`,
      at: retry.since,
      kind: "retry",
      text: retry.failure.message,
    });
  }
  if (task.cancelling) {
    moments.push({ key: "cancel", at: now, kind: "cancel", text: "The server was asked to stop" });
  }
  if (outcome) {
    moments.push({ key: "ended", at: task.settledAt ?? now, kind: "ended", text: ending(outcome) });
  }
  return moments;
}

const QUESTION = "question ";

/** The key of the moment when a question was asked. */
export function questionKey(key: string): string {
  return QUESTION + key;
}

/** The questions of earlier moments that are open no more while the task goes on: somebody answered them. */
export function answeredSince(
  earlier: readonly Moment[],
  { inputRequests, outcome }: TaskView,
  now: number,
): readonly Moment[] {
  // A task that ends without a result leaves its questions unanswered.
  if (outcome && outcome.kind !== "completed") return [];
  const open = new Set(inputRequests.map(({ key }) => questionKey(key)));
  return earlier
    .filter(({ kind, key }) => kind === "question" && !open.has(key))
    .map(({ key }) => ({
      key: `answered ${key.slice(QUESTION.length)}`,
      at: now,
      kind: "answered",
      text: "Answered",
    }));
}

function ending(outcome: Outcome): string {
  switch (outcome.kind) {
    case "completed":
      return outcome.result.isError ? "The tool failed" : "Completed";
    case "failed":
      return `Failed: ${outcome.error.message}`;
    case "cancelled":
      return outcome.confirmed ? "Cancelled" : "Cancelled; the server never confirmed it";
    case "expired":
      return `Expired: ${outcome.detail}`;
    case "lost":
      return `Lost: ${outcome.detail}`;
  }
}
