import { hasEnded } from "../engine/record.ts";
import { traitsOf } from "../protocol/registry.ts";
import { PushFeed, type PushFeedOptions } from "./push-feed.ts";
import type { RunningTask } from "./task-table.ts";

/** Makes what has servers push. A host brings it where connections may be held between polls. */
export type PushOf = (options: PushFeedOptions) => Push;

export const pushing: PushOf = (options) => new Push(options);

/** Has servers push changes, each in the way of its protocol. */
export class Push {
  readonly #options: PushFeedOptions;

  constructor(options: PushFeedOptions) {
    this.#options = options;
  }

  /** Lets a 2025-11-25 server send of its own accord until {@link unlisten}. */
  listen(task: RunningTask): void {
    task.stopListening ??= task.endpoint.server?.listen();
  }

  unlisten(task: RunningTask): void {
    task.stopListening?.();
    task.stopListening = undefined;
  }

  /** Has the server push the changes of a task that has just been polled. One that is resumed may have ended before. */
  watch(task: RunningTask): void {
    const { endpoint, id, state } = task;
    const { record } = state;
    const { taskId } = record;
    const { server } = endpoint;
    if (!server || taskId === undefined || record.outcome || hasEnded(record)) return;
    if (server.refusesPush) return;
    const { push } = traitsOf(record.generation);
    if (push !== "subscription") return push && this.listen(task);
    endpoint.feed ??= new PushFeed(server, this.#options);
    endpoint.feed.watch(taskId, id);
  }
}
