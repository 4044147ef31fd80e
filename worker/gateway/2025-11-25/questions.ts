import { InputError, type InputRequest, type JsonObject, type Task } from "holdfast";
import { type ClientAbilities, canAnswer } from "../../../front/client-capabilities.ts";
import { RELATED_TASK } from "../../../src/protocol/meta-keys.ts";
import { consentRound } from "../asked-consent.ts";
import type { Caller } from "../caller.ts";
import { CallerTasks } from "../caller-tasks.ts";
import type { Frame } from "../frame.ts";

const PREFIX = "hf";

/**
 * A question of a task as a request to the client. Its id names both, so that any isolate can match the answer, and so
 * that the same question is the same request however often it is put.
 * @param ofTask Whether the client knows of the task: in a plain call it does not.
 */
function questionFrame(taskId: string, request: InputRequest, ofTask: boolean): object {
  const { key, method, params } = request;
  const id = `${PREFIX}:${taskId}:${key}`;
  return {
    jsonrpc: "2.0",
    id,
    method,
    params: {
      // Servers of 2026-07-28 have none, and clients of this generation need one.
      ...(params.mode === "url" && { elicitationId: id }),
      ...params,
      ...(ofTask && { _meta: { [RELATED_TASK]: { taskId } } }),
    },
  };
}

/** Puts the questions of a task to a client that is connected, each once, and notifies it when a consent that was asked for is there. */
export function questionsTo(
  client: ClientAbilities,
  task: Task,
  send: (message: object) => void,
  ofTask: boolean,
): { readonly asked: (request: InputRequest) => void; readonly changed: () => void } {
  const consents = new Set<string>();
  return {
    asked: (request) => {
      if (!canAnswer(client, request)) return;
      send(questionFrame(task.id, request, ofTask));
      if (consentRound(request.key) !== undefined) consents.add(`${PREFIX}:${task.id}:${request.key}`);
    },
    changed: () => {
      // Its requests do not fail any more.
      if (task.view.retry) return;
      for (const elicitationId of consents) {
        consents.delete(elicitationId);
        send({ jsonrpc: "2.0", method: "notifications/elicitation/complete", params: { elicitationId } });
      }
    },
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
