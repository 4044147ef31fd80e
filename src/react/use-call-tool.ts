import { useCallback, useState } from "react";
import type { ClientTasks } from "../observe/client-tasks.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { Task } from "../task.ts";
import type { CallOptions } from "../task-client-api.ts";
import type { TaskView } from "../task-view.ts";
import { useClientTasks } from "./provider.ts";
import { useTask } from "./use-task.ts";

/** A tool to call, and how its latest call stands. */
export interface ToolCall<Output = unknown> {
  /**
   * Calls the tool. Resolves with the task once there is something to hold, and with `undefined` when
   * the call came to nothing: `error` is why. Never rejects, so that an event handler may drop it.
   */
  readonly call: (args?: JsonObject, options?: CallOptions) => Promise<Task<Output> | undefined>;
  /** The task of the latest call, as it stands. */
  readonly task: TaskView | undefined;
  /** The call was made, and there is nothing to hold yet. */
  readonly pending: boolean;
  /** Why the latest call came to nothing. What becomes of a task that began is in `task.outcome`. */
  readonly error: unknown;
  /** Shows the latest call no more. Its task goes on. */
  readonly reset: () => void;
}

interface Call {
  readonly of: readonly [ClientTasks, endpoint: string, tool: string];
  readonly came: "pending" | { readonly id: string } | { readonly error: unknown };
}

/**
 * Calls one tool of one endpoint. The task goes on when the component is unmounted. `call` and
 * `reset` are the same functions as long as client, endpoint and tool are the same.
 * @example
 * const { call, pending } = useCallTool("papers", "acquire_paper");
 * const button = <button type="button" disabled={pending} onClick={() => void call({ doi })}>Acquire</button>;
 */
export function useCallTool<Output = unknown>(endpoint: string, tool: string): ToolCall<Output> {
  const tasks = useClientTasks();
  const [latest, setLatest] = useState<Call>();
  const call = useCallback(
    async (args?: JsonObject, options?: CallOptions): Promise<Task<Output> | undefined> => {
      const made: Call = { of: [tasks, endpoint, tool], came: "pending" };
      // Only what the latest call comes to is shown.
      const settle = (came: Call["came"]): void =>
        setLatest((shown) => (shown === made ? { ...made, came } : shown));
      setLatest(made);
      try {
        const task = await tasks.client.callTool<Output>(endpoint, tool, args, options);
        tasks.apply(task);
        settle({ id: task.id });
        return task;
      } catch (error) {
        settle({ error });
        return undefined;
      }
    },
    [tasks, endpoint, tool],
  );
  const reset = useCallback(() => setLatest(undefined), []);
  const [ofTasks, ofEndpoint, ofTool] = latest?.of ?? [];
  const came = ofTasks === tasks && ofEndpoint === endpoint && ofTool === tool ? latest?.came : undefined;
  const held = typeof came === "object" && "id" in came ? came.id : undefined;
  return {
    call,
    task: useTask(held) ?? undefined,
    pending: came === "pending",
    error: typeof came === "object" && "error" in came ? came.error : undefined,
    reset,
  };
}
