import type { InputRequest } from "../protocol/input-request.ts";
import { type JsonObject, sameJson } from "../protocol/json.ts";
import type { Task } from "../task.ts";
import type { TaskView } from "../task-view.ts";

/** A question of a server that waits for its answer. The same object as long as it is open. */
export interface OpenQuestion {
  /** The task that asks. A component shows `useTask(task.id)`. */
  readonly task: Task;
  readonly request: InputRequest;
  /**
   * Resolves when the answer is durable; it is sent until the server has it. Rejects with an
   * InputError when it does not fit the question, or the question is no longer open.
   * @param response For `elicitation/create` `{ action: "accept", content: {…} }`; for the others what
   *   their method is answered with.
   */
  answer(response: JsonObject): Promise<void>;
  /** The person says no. For `elicitation/create` and methods that this client does not know; to sampling and roots nobody can say no, and it rejects. */
  decline(): Promise<void>;
  /** The person leaves it without a choice. The question is answered by that; the task goes on. As for `decline`. */
  cancel(): Promise<void>;
}

/** Returns the open questions of all tasks. Those that were open before are taken from `known`. */
export function questionsOf(
  views: readonly TaskView[],
  known: readonly OpenQuestion[],
  handle: (id: string) => Task | undefined,
): OpenQuestion[] {
  return views.flatMap(({ id, inputRequests }) => {
    const task = inputRequests.length > 0 ? handle(id) : undefined;
    if (!task) return [];
    return inputRequests.map(
      (request) => known.find((question) => isOf(question, task, request)) ?? question(task, request),
    );
  });
}

function isOf({ task, request }: OpenQuestion, asker: Task, asked: InputRequest): boolean {
  if (task !== asker || request.key !== asked.key) return false;
  return request === asked || (request.method === asked.method && sameJson(request.params, asked.params));
}

function question(task: Task, request: InputRequest): OpenQuestion {
  const answer = (response: JsonObject): Promise<void> => task.answer(request.key, response);
  return {
    task,
    request,
    answer,
    decline: () => answer({ action: "decline" }),
    cancel: () => answer({ action: "cancel" }),
  };
}
