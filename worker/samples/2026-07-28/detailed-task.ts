import { editionQuestion } from "../edition-question.ts";
import { pollIntervalOf, type TaskRecord } from "../task-record.ts";
import type { Moment } from "../timeline.ts";

/** A task as `tasks/get` and `notifications/tasks` carry it. */
export function wireTask(record: TaskRecord, moment: Moment) {
  return {
    taskId: record.taskId,
    status: moment.status,
    statusMessage: moment.message,
    createdAt: new Date(record.createdAt).toISOString(),
    lastUpdatedAt: new Date(moment.at).toISOString(),
    ttlMs: record.ttl,
    pollIntervalMs: pollIntervalOf(record),
    ...moment.outcome,
    ...(moment.question !== undefined &&
      record.job.tool === "acquire_paper" && {
        inputRequests: { [moment.question]: inputRequest(record.job.doi) },
      }),
  };
}

export function inputRequest(doi: string) {
  return { method: "elicitation/create" as const, params: editionQuestion(doi) };
}

export type WireTask = ReturnType<typeof wireTask>;
