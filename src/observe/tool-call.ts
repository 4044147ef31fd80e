import { callListeners } from "../call-listeners.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { Task } from "../task.ts";
import type { CallOptions, TaskClientApi } from "../task-client-api.ts";
import type { TaskView } from "../task-view.ts";
import { tasksOf } from "./client-tasks.ts";
import type { Observable } from "./observable.ts";

/** The latest call of a tool. */
export interface LatestCall {
  /** The task of the latest call. */
  readonly task: TaskView | undefined;
  /** The call was made, and no task exists yet. */
  readonly pending: boolean;
  /** Why the latest call failed before a task existed. The end of a task is in `task.outcome`. */
  readonly error: unknown;
}

/** A tool to call, and its latest call. */
export interface ObservedCall<Output = unknown> extends Observable<LatestCall> {
  /** Calls the tool. Resolves with its task, or with `undefined` if the call failed: `error` says why. Never rejects. */
  call(args?: JsonObject, options?: CallOptions): Promise<Task<Output> | undefined>;
  /** Stops showing the latest call. Its task continues. */
  reset(): void;
}

const NO_CALL: LatestCall = { task: undefined, pending: false, error: undefined };

/**
 * Calls one tool of one endpoint and observes the latest call. The task continues when nobody observes it.
 * @example
 * const paper = observeCall(tasks, "papers", "acquire_paper");
 * paper.subscribe(({ task, pending }) => render(task?.status ?? (pending ? "calling" : "")));
 * await paper.call({ doi });
 */
export function observeCall<Output = unknown>(
  client: TaskClientApi,
  endpoint: string,
  tool: string,
): ObservedCall<Output> {
  const tasks = tasksOf(client);
  const listeners = new Set<(value: LatestCall) => void>();
  let value = NO_CALL;
  /** What belongs to the latest call: only that is shown. */
  let latest: object | undefined;
  let stop: (() => void) | undefined;
  let held: string | undefined;

  const set = (next: LatestCall): void => {
    value = next;
    callListeners(listeners, next);
  };
  const look = (): void => {
    const task = held === undefined ? undefined : (tasks.one(held) ?? undefined);
    if (task !== value.task) set({ ...NO_CALL, task });
  };
  const watch = (): void => {
    stop?.();
    stop = held !== undefined && listeners.size > 0 ? tasks.subscribeTo(held, look) : undefined;
  };
  const hold = (id: string | undefined): void => {
    held = id;
    watch();
  };
  return {
    get() {
      // Without a subscriber no change is reported.
      if (!stop) look();
      return value;
    },
    subscribe(listener) {
      const own = (next: LatestCall): void => listener(next);
      listeners.add(own);
      if (listeners.size === 1) watch();
      look();
      listener(value);
      return () => {
        if (listeners.delete(own) && listeners.size === 0) watch();
      };
    },
    async call(args, options) {
      const mine = {};
      latest = mine;
      hold(undefined);
      set({ ...NO_CALL, pending: true });
      try {
        const task = await client.callTool<Output>(endpoint, tool, args, options);
        tasks.apply(task);
        if (latest === mine) {
          hold(task.id);
          set({ ...NO_CALL, task: task.view });
        }
        return task;
      } catch (error) {
        if (latest === mine) set({ ...NO_CALL, error });
        return undefined;
      }
    },
    reset() {
      latest = undefined;
      hold(undefined);
      set(NO_CALL);
    },
  };
}
