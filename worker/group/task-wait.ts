import type { TaskView } from "holdfast";
import type { DurableTasks } from "holdfast/durable-object";
import type { TaskWait } from "./task-group-rpc.ts";

/** Whether the task is already beyond what the waiter has seen. */
export function isNews(view: TaskView, wait: TaskWait): boolean {
  const { rev, progress } = view;
  return (
    rev > wait.afterRev ||
    (wait.progress !== undefined && (progress?.progress ?? -1) !== wait.progress) ||
    failsAnew(view, wait)
  );
}

function failsAnew({ retry }: TaskView, { failing }: TaskWait): boolean {
  return failing !== undefined && failing !== (retry !== undefined);
}

/** Resolves at the task's next change, stored or, if the waiter asks for such, not; and after `ms` at the latest. */
export function changed(tasks: DurableTasks, id: string, wait: TaskWait): Promise<void> {
  const { ms, progress } = wait;
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      unwatch();
      unsubscribe();
      resolve();
    };
    const unsubscribe = tasks.client.subscribe(
      (task) => {
        if (task.id !== id) return;
        if ((progress !== undefined && task.view.progress) || failsAnew(task.view, wait)) done();
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
