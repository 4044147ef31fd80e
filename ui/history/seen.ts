import type { Outcome, Task } from "holdfast";
import { askedIn } from "../questions/asked.ts";
import type { Moment } from "./moment.ts";

/** What can be told of a task by looking at it now. */
export function seenNow(task: Task, now: number): readonly Moment[] {
  const { record, trouble } = task.state;
  const { snapshot, progress, outcome } = task.current;
  const moments: Moment[] = [
    { key: "called", at: record.createdAt, kind: "called", text: `${task.tool} was called` },
  ];
  if (record.acceptedAt !== undefined && record.taskId !== undefined) {
    moments.push({
      key: "accepted",
      at: record.acceptedAt,
      kind: "accepted",
      text: `The server made it task ${record.taskId}`,
    });
  }
  const message = progress?.message ?? snapshot?.statusMessage;
  // An outcome says the last of it itself.
  if (message !== undefined && message !== "" && !outcome) {
    moments.push({ key: `message ${message}`, at: now, kind: "message", text: message });
  }
  for (const input of record.inputs) {
    // Of the worker's tasks nothing is told but that it asks, so the page's own clock has to do.
    const at = record.acceptedAt === undefined && record.taskId !== undefined ? now : input.askedAt;
    moments.push({ key: `question ${input.key}`, at, kind: "question", text: askedIn(input) });
    if (input.state === "answered" || input.state === "delivered") {
      const action = input.response?.action;
      moments.push({
        key: `answered ${input.key}`,
        at: now,
        kind: "answered",
        text: typeof action === "string" ? `Answered: ${action}` : "Answered",
      });
    }
  }
  if (trouble) {
    moments.push({
      key: `trouble ${trouble.since}`,
      at: trouble.since,
      kind: "trouble",
      text: trouble.fault.message,
    });
  }
  if (record.cancel && record.outcome?.kind !== "cancelled") {
    moments.push({ key: "cancel", at: now, kind: "cancel", text: "The server was asked to stop" });
  }
  if (outcome) {
    moments.push({ key: "ended", at: record.settledAt ?? now, kind: "ended", text: ending(outcome) });
  }
  return moments;
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
