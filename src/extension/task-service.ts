import type { TaskClient } from "../client/task-client.ts";
import { inboxOf } from "../inbox/local-inbox.ts";
import { deliveryMessage } from "../mirror/delivery-message.ts";
import type { JsonObject } from "../protocol/json.ts";
import { withoutResult } from "../task-view.ts";
import { ExtensionError } from "./extension-error.ts";
import type { PageRequest } from "./messages.ts";

/** Does what pages ask, by the client that there is. What it gives can travel in a message. */
export class TaskService {
  readonly #client: () => Promise<TaskClient>;

  constructor(client: () => Promise<TaskClient>) {
    this.#client = client;
  }

  /** @param again It may have been asked before, and done. */
  async answer(request: PageRequest, again: boolean): Promise<unknown> {
    // A client that is replaced meanwhile leaves what it was asked to the next.
    for (;;) {
      const client = await this.#client();
      try {
        return await this.#do(client, request, again);
      } catch (error) {
        // Whatever it says: it may be no more than that the connections were closed.
        if ((await this.#client()) === client) throw error;
      }
    }
  }

  async #do(client: TaskClient, request: PageRequest, again: boolean): Promise<unknown> {
    switch (request.method) {
      case "call": {
        const { method: _call, endpoint, tool, args, ...options } = request;
        return (await client.start(endpoint, tool, args, options)).latest;
      }
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
      case "notify":
        return inboxOf(client).notify(request, request.addressee);
      case "undelivered":
        return (await inboxOf(client).undelivered(request)).map(deliveryMessage);
      case "acknowledge": {
        const { id, key, ...delivery } = request;
        const question = key === undefined ? {} : { question: { key } };
        return inboxOf(client).acknowledge({ ...delivery, task: { id }, ...question });
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
