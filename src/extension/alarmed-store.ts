import type { TaskStore } from "../store/task-store.ts";
import type { ExtensionAlarm } from "./extension-alarm.ts";

/**
 * The store, with an alarm that is there before an unfinished task is: whatever moment the worker is
 * killed at, something comes back for it.
 */
export function alarmedStore(
  store: TaskStore,
  alarm: ExtensionAlarm,
  failed: (error: unknown) => void,
): TaskStore {
  return {
    ...(store.scope !== undefined && { scope: store.scope }),
    save: (record, after) =>
      record.outcome ? store.save(record, after) : alarm.during(() => store.save(record, after), failed),
    load: (id) => store.load(id),
    remove: (id) => store.remove(id),
    loadActive: () => store.loadActive(),
    loadSettled: () => store.loadSettled(),
    saveSession: (endpoint, session) => store.saveSession(endpoint, session),
    loadSession: (endpoint) => store.loadSession(endpoint),
    ...(store.deliveries && { deliveries: store.deliveries }),
    onRestored: (listener) => store.onRestored?.(listener),
    close: () => store.close?.(),
  };
}
