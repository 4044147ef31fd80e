import type { Task } from "../task.ts";
import { useClientTasks } from "./provider.ts";

/**
 * Returns a function that returns the handle of a task that a hook has shown: for `cancel()`, `answer()` and `result()`. It is
 * the same function as long as the client is. A component shows the views of the other hooks, which never change.
 * @example
 * const handleOf = useTaskHandle();
 * const button = <button type="button" onClick={() => handleOf(id)?.cancel()}>Cancel</button>;
 */
export function useTaskHandle(): (id: string) => Task | undefined {
  return useClientTasks().handle;
}
