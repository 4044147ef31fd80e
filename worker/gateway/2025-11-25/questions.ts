import { InputError, type InputRequest, type JsonObject } from "holdfast";
import { RELATED_TASK } from "../../../src/protocol/meta-keys.ts";
import type { Caller } from "../caller.ts";
import { CallerTasks } from "../caller-tasks.ts";
import type { Frame } from "../frame.ts";

const PREFIX = "hf";

/**
 * A question of a task as a request to the client. Its id names both, so that any isolate can match the answer, and so
 * that the same question is the same request however often it is put.
 * @param ofTask Whether the client knows of the task: in a plain call it does not.
 */
export function questionFrame(taskId: string, request: InputRequest, ofTask: boolean): object {
  const { key, method, params } = request;
  return {
    jsonrpc: "2.0",
    id: `${PREFIX}:${taskId}:${key}`,
    method,
    params: { ...params, ...(ofTask && { _meta: { [RELATED_TASK]: { taskId } } }) },
  };
}

/** Takes a client's answer. One to what is not asked, or no longer, is passed over. */
export async function takeAnswer(caller: Caller, { id, result, error }: Frame): Promise<void> {
  const [prefix, taskId = "", ...rest] = String(id).split(":");
  if (prefix !== PREFIX) return;
  const tasks = new CallerTasks(caller, { follows: false });
  try {
    const key = rest.join(":");
    const task = await tasks.get(taskId);
    const request = task?.view.inputRequests.find((open) => open.key === key);
    const response = error ? refusalOf(request) : result;
    if (!task || !request || !response) return;
    const { _meta, ...answer } = response as JsonObject;
    await task.answer(key, answer);
  } catch (error) {
    // It stays open: others who follow the task see it and may answer it better.
    if (!(error instanceof InputError)) throw error;
  } finally {
    await tasks.close();
  }
}

/** A client that answers with an error will not answer at all. Only elicitation has words for that. */
function refusalOf(request: InputRequest | undefined): JsonObject | undefined {
  return request?.method === "elicitation/create" ? { action: "cancel" } : undefined;
}
