import { useCallback, useSyncExternalStore } from "react";
import type { TaskView } from "../task-view.ts";
import { useClientTasks } from "./provider.ts";

const unknown = (): undefined => undefined;
const ignored = (): void => undefined;

/**
 * The view of one task: `undefined` until it is known, and `null` when the client holds no task of this
 * id. The component renders again when this task changes, and for no other. {@link useTaskHandle} has the handle.
 * @example
 * const view = useTask(id);
 * const text = view === undefined ? "loading" : (view?.status ?? "unknown");
 */
export function useTask(id: string | undefined): TaskView | null | undefined {
  const tasks = useClientTasks();
  const subscribe = useCallback(
    (listener: () => void) => (id === undefined ? ignored : tasks.subscribeTo(id, listener)),
    [tasks, id],
  );
  return useSyncExternalStore(subscribe, () => (id === undefined ? undefined : tasks.one(id)), unknown);
}
