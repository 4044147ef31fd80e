import { InputError } from "../../src/errors.ts";
import type { InputRequest } from "../../src/protocol/input-request.ts";
import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import { RELATED_TASK } from "../../src/protocol/meta-keys.ts";
import type { Task } from "../../src/task.ts";
import type { AgentConnection } from "./agent-connection.ts";

/** Puts the questions of tasks to an agent of 2025-11-25, each once at a time. */
export class Questions {
  readonly #agent: AgentConnection;
  readonly #asking: Set<string> = new Set();

  constructor(agent: AgentConnection) {
    this.#agent = agent;
  }

  /** @param ofTask Whether the agent knows of the task: in a plain call it does not. */
  put(task: Task, { key, method, params }: InputRequest, ofTask: boolean): void {
    const name = `${task.id}/${key}`;
    if (this.#asking.has(name)) return;
    this.#asking.add(name);
    const withdrawn = new AbortController();
    const open = (): boolean => task.view.inputRequests.some((request) => request.key === key);
    // Answered elsewhere, or the task has ended.
    const stop = task.subscribe(() => {
      if (!open()) withdrawn.abort();
    });
    const meta = ofTask && { _meta: { [RELATED_TASK]: { taskId: task.id } } };
    void this.#agent
      .request(method, { ...params, ...meta }, withdrawn.signal)
      .then(
        (result) => (isObject(result) ? withoutMeta(result) : undefined),
        // An agent that answers with an error will not answer at all. Only elicitation has words for that.
        () =>
          method === "elicitation/create" && !withdrawn.signal.aborted ? { action: "cancel" } : undefined,
      )
      .then((response) => (response && open() ? task.answer(key, response) : undefined))
      .catch((error: unknown) => {
        // It stays open: others who follow the task see it and may answer it better.
        if (!(error instanceof InputError)) throw error;
      })
      .catch(() => undefined)
      .finally(() => {
        stop();
        this.#asking.delete(name);
      });
  }
}

function withoutMeta({ _meta, ...answer }: JsonObject): JsonObject {
  return answer;
}
