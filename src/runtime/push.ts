import { hasEnded } from "../engine/record.ts";
import { traitsOf } from "../protocol/registry.ts";
import { createPushFeed, type PushFeedOptions } from "./push-feed.ts";
import type { RunningTask } from "./task-table.ts";

/** Makes what has servers push. A host brings it where connections may be held between polls. */
export type PushOf = (options: PushFeedOptions) => Push;

/** Has servers push changes, each in the way of its protocol. */
export interface Push {
  /** Lets a 2025-11-25 server send of its own accord until {@link unlisten}. */
  listen(task: RunningTask): void;
  unlisten(task: RunningTask): void;
  /** Has the server push the changes of a task that has just been polled. One that is resumed may have ended before. */
  watch(task: RunningTask): void;
}

export const pushing: PushOf = (options) => {
  const listen = (task: RunningTask): void => {
    task.stopListening ??= task.endpoint.server?.listen();
  };
  return {
    listen,
    unlisten(task) {
      task.stopListening?.();
      task.stopListening = undefined;
    },
    watch(task) {
      const { endpoint, id, state } = task;
      const { record } = state;
      const { taskId } = record;
      const { server } = endpoint;
      if (!server || server.refusesPush || taskId === undefined || record.outcome || hasEnded(record)) return;
      const { push } = traitsOf(record.generation);
      if (push !== "subscription") return push && listen(task);
      endpoint.feed ??= createPushFeed(server, options);
      endpoint.feed.watch(taskId, id);
    },
  };
};
