import type { Clock } from "../clock.ts";
import { nextChange, type Task } from "../task.ts";
import type { TaskView } from "../task-view.ts";

export interface WaitOptions {
  /** In ms. */
  readonly budgetMs: number;
  readonly clock: Clock;
  /** Ends the wait, with its reason thrown; never the task. */
  readonly signal?: AbortSignal | undefined;
  /** A question ends the wait too. */
  readonly untilAsked?: boolean;
  /** Ends the wait as well. */
  readonly until?: (view: TaskView) => boolean;
}

/** How long a running result may wait for the server's task id, whatever the budget, in ms. */
const ACCEPTED_MS = 2_000;

/**
 * Waits a moment for the server to accept a call that may become a task: a running result that leaves before the request
 * says less, and a crash in that moment could lose the task.
 */
export function waitForAcceptance(task: Task, options: Pick<WaitOptions, "clock" | "signal">): Promise<void> {
  return waitWithin(task, {
    ...options,
    budgetMs: ACCEPTED_MS,
    until: ({ status, asTask, retry }) =>
      retry !== undefined || !(status === "queued" || (status === "calling" && asTask)),
  });
}

/**
 * Waits for the task's end, no longer than the budget. Throws the signal's reason, or a ClientClosedError.
 * @example
 * await waitWithin(task, { budgetMs: 25_000, clock: timerHost().clock });
 * console.log(task.view.outcome ? "ended" : "still running");
 */
export async function waitWithin(task: Task, options: WaitOptions): Promise<void> {
  const { budgetMs, clock, signal, untilAsked = false, until } = options;
  signal?.throwIfAborted();
  const waited = (): boolean =>
    task.view.outcome !== undefined ||
    (untilAsked && task.view.inputRequests.length > 0) ||
    until?.(task.view) === true;
  if (waited() || budgetMs <= 0) return;
  const budget = new AbortController();
  const spent = new Error("The budget is spent");
  const stop = clock.after(budgetMs, () => budget.abort(spent));
  try {
    while (!waited()) await nextChange(task, signal, budget.signal);
  } catch (error) {
    if (error !== spent) throw error;
  } finally {
    stop();
  }
}
