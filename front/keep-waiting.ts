import type { InputRequest, Task, TaskProgress, TaskView } from "holdfast";

export interface Waiting {
  /** How long to wait, in ms. Absent: until the task ends. */
  readonly budgetMs?: number;
  readonly signal: AbortSignal;
  /** Ends the wait too when it returns true. */
  readonly until?: (view: TaskView) => boolean;
  readonly progressed?: ((progress: TaskProgress) => void) | undefined;
  /** Questions as they come, each once. */
  readonly asked?: ((request: InputRequest, taskId: string) => void) | undefined;
  readonly changed?: (() => void) | undefined;
}

/** Waits for the end of a task within the budget, and calls back with progress and questions. Throws the signal's reason. */
export async function keepWaiting(task: Task, waiting: Waiting): Promise<void> {
  const { signal, budgetMs } = waiting;
  const asked = new Set<string>();
  let progress: number | undefined;
  const report = (): void => {
    const { view } = task;
    if (view.outcome) return;
    if (view.progress && view.progress.progress !== progress) {
      progress = view.progress.progress;
      waiting.progressed?.(view.progress);
    }
    for (const request of view.inputRequests) {
      if (asked.has(request.key)) continue;
      asked.add(request.key);
      waiting.asked?.(request, task.id);
    }
  };
  const over = (): boolean => task.view.outcome !== undefined || waiting.until?.(task.view) === true;
  signal.throwIfAborted();
  report();
  if (over() || (budgetMs !== undefined && budgetMs <= 0)) return;
  await new Promise<void>((resolve, reject) => {
    const end = (settle: () => void): void => {
      if (timer !== undefined) clearTimeout(timer);
      unsubscribe();
      signal.removeEventListener("abort", aborted);
      settle();
    };
    const aborted = (): void => end(() => reject(signal.reason));
    const timer = budgetMs === undefined ? undefined : setTimeout(() => end(resolve), budgetMs);
    const unsubscribe = task.subscribe(() => {
      report();
      waiting.changed?.();
      if (over()) end(resolve);
    });
    signal.addEventListener("abort", aborted);
  });
}
