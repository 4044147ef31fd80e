import type { NewCallOptions, TaskClient } from "../client.ts";
import type { JsonObject } from "../protocol/json.ts";
import { nextChange } from "../task.ts";
import { type TaskView, withoutResult } from "../task-view.ts";
import { ExtensionError } from "./extension-error.ts";
import type { PageRequest } from "./messages.ts";

type CallRequest = PageRequest & { method: "call" };

/** Does what pages ask, by the client that there is. What it gives can travel in a message. */
export class TaskService {
  readonly #client: () => Promise<TaskClient>;
  /** Calls that have no handle yet: one that is asked for again meanwhile is the same. */
  readonly #calls: Map<string, Promise<TaskView>> = new Map();

  constructor(client: () => Promise<TaskClient>) {
    this.#client = client;
  }

  /** @param again It may have been asked before, and done. */
  async answer(request: PageRequest, again: boolean): Promise<unknown> {
    if (request.method !== "call") return this.#withClient((client) => this.#do(client, request, again));
    const { id } = request;
    const known = this.#calls.get(id);
    if (known) return known;
    const calling = this.#withClient((client) => this.#call(client, request));
    this.#calls.set(id, calling);
    return calling.finally(() => this.#calls.delete(id));
  }

  /** A client that is replaced meanwhile leaves what it was asked to the next. */
  async #withClient<T>(work: (client: TaskClient) => Promise<T>): Promise<T> {
    for (;;) {
      const client = await this.#client();
      try {
        return await work(client);
      } catch (error) {
        // Whatever it says: it may be no more than that the connections were closed.
        if ((await this.#client()) === client) throw error;
      }
    }
  }

  async #call(client: TaskClient, request: CallRequest): Promise<TaskView> {
    const { endpoint, tool, args, id, prefer, ttlMs, repeatable } = request;
    const options: NewCallOptions = {
      id,
      ...(prefer !== undefined && { prefer }),
      ...(ttlMs !== undefined && { ttlMs }),
      ...(repeatable !== undefined && { repeatable }),
    };
    const task = await client.callTool(endpoint, tool, args, options);
    // One that an earlier worker made may still be looked for.
    while (task.view.status === "calling") await nextChange(task);
    return task.latest;
  }

  async #do(
    client: TaskClient,
    request: Exclude<PageRequest, CallRequest>,
    again: boolean,
  ): Promise<unknown> {
    switch (request.method) {
      case "endpoints":
        return client.endpoints();
      case "tools":
        return client.listTools(request.endpoint);
      case "tasks": {
        const tasks = await (request.which === "all" ? client.list() : client.resume());
        return tasks.map(({ latest }) => withoutResult(latest));
      }
      case "task": {
        return (await client.get(request.id))?.latest;
      }
      case "cancel": {
        const task = await client.get(request.id);
        if (task && !task.view.outcome) await task.cancel();
        return task && withoutResult(task.latest);
      }
      case "answer": {
        const { id, key, response } = request;
        const task = await client.get(id);
        if (!task) throw new ExtensionError("failed", `There is no task ${id}`);
        // The answer got here, and only its reply was lost.
        const taken = again && !task.view.inputRequests.some((open) => open.key === key);
        if (!taken) await task.answer(key, plainly(response));
        return withoutResult(task.latest);
      }
      case "forget":
        return client.forget(request.id);
      case "nudge":
        return client.nudge();
    }
  }
}

/** Browsers differ in what a message may hold; a server is sent JSON. */
function plainly(response: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(response)) as JsonObject;
}
