import { tabs } from "../runtime/tab-group.ts";
import { browserTabs } from "../runtime/tab-platform.ts";
import type { Host } from "./host.ts";
import { timerHost } from "./timer-host.ts";

/**
 * A page or a worker of one: timers, pushed changes, and one tab that polls for all that share the store. Where a browser has
 * no Web Locks and no IndexedDB, each process counts as alone.
 * @example
 * const tasks = new TaskClient({ store, endpoints, host: browserHost() }); // the default
 */
export function browserHost(): Host {
  const platform = browserTabs();
  return platform ? { ...timerHost(), ownership: tabs(platform) } : timerHost();
}
