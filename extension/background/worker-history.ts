import type { ExtensionTasks } from "holdfast/extension";
import { TaskHistory } from "../../ui/history/task-history.ts";

/** Notes for the time line of a task what the worker sees of it, and that it was another worker that took it up. */
export class WorkerHistory {
  constructor(tasks: ExtensionTasks) {
    const list = async () => (await (await tasks.client()).list()).map(({ view }) => view);
    void new TaskHistory().follow(tasks, list, {
      key: `worker ${Math.round(performance.timeOrigin)}`,
      at: Date.now(),
      kind: "opened",
      text: "Resumed by a new worker of the extension",
    });
  }
}
