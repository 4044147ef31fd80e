import { RELATED_TASK } from "../../../src/protocol/meta-keys.ts";
import { editionQuestion } from "../edition-question.ts";
import type { Frame } from "../json-rpc.ts";
import type { TaskRecord } from "../task-record.ts";
import type { Moment } from "../timeline.ts";

/**
 * The `elicitation/create` for the question a task has outstanding. Its id is made of the task's id and the question's key, so
 * the same question is the same request however often it is delivered, and an answer says what it answers to an object that
 * never sent the question.
 */
export function questionFrame(record: TaskRecord, moment: Moment) {
  if (moment.question === undefined || record.job.tool !== "acquire_paper") return undefined;
  return {
    jsonrpc: "2.0" as const,
    id: `${record.taskId}/${moment.question}`,
    method: "elicitation/create",
    params: {
      ...editionQuestion(record.job.doi),
      _meta: { [RELATED_TASK]: { taskId: record.taskId } },
    },
  };
}

export function questionIn(id: Frame["id"]): { taskId: string; key: string } {
  const [taskId = "", key = ""] = String(id).split("/");
  return { taskId, key };
}
