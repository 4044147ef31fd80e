import type { TaskView } from "holdfast";
import type { DurableTasks } from "holdfast/durable-object";
import type { TaskWait } from "./task-group-rpc.ts";

/** Whether the task is already beyond what the waiter has seen. */
export function isNews({ rev, progress }: TaskView, wait: TaskWait): boolean {
  return rev > wait.afterRev || (wait.progress !== undefined && (progress?.progress ?? -1) !== wait.progress);
}

/** Resolves at the task's next change, stored or, if the waiter asks for progress, not; and after `ms` at the latest. */
export function changed(tasks: DurableTasks, id: string, { ms, progress }: TaskWait): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      unwatch();
      unsubscribe();
      resolve();
    };
    const unsubscribe = tasks.client.subscribe(
      (task) => {
        if (task.id === id && progress !== undefined && task.view.progress) done();
      },
      (gone) => {
        if (gone === id) done();
      },
    );
    const timer = setTimeout(done, ms);
    const unwatch = tasks.watch(({ task }) => {
      if (task.id === id) done();
    });
  });
}

/** Resolves with `undefined` if the work takes longer than `ms`; the work goes on. */
export function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
