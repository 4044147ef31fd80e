import { useCallback, useSyncExternalStore } from "react";
import { useClientTasks } from "./provider.ts";
import type { ShownTask } from "./shown-task.ts";

const unknown = (): undefined => undefined;
const ignored = (): void => undefined;

/**
 * One task by its id: `undefined` until it is known, and `null` when the client holds none of this
 * id. The component renders again when this task changes, and for no other.
 */
export function useTask(id: string | undefined): ShownTask | null | undefined {
  const tasks = useClientTasks();
  const subscribe = useCallback(
    (listener: () => void) => (id === undefined ? ignored : tasks.subscribeTo(id, listener)),
    [tasks, id],
  );
  return useSyncExternalStore(subscribe, () => (id === undefined ? undefined : tasks.one(id)), unknown);
}
