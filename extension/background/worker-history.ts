import type { ExtensionTasks } from "holdfast/extension";
import { TaskHistory } from "../../ui/history/task-history.ts";

/** Notes for the time line of a task what the worker sees of it, and that it was another worker that took it up. */
export class WorkerHistory {
  constructor(tasks: ExtensionTasks) {
    const seen = {
      subscribe: (listener: Parameters<ExtensionTasks["subscribe"]>[0]) => tasks.subscribe(listener),
      list: async () => (await tasks.client()).list(),
    };
    void new TaskHistory().follow(seen, {
      key: `worker ${Math.round(performance.timeOrigin)}`,
      at: Date.now(),
      kind: "opened",
      text: "Resumed by a new worker of the extension",
    });
  }
}
