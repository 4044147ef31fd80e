import type { Clock } from "../clock.ts";
import { nextChange, type Task } from "../task.ts";

export interface WaitOptions {
  /** In ms. */
  readonly budgetMs: number;
  readonly clock: Clock;
  /** Ends the wait, with its reason thrown; never the task. */
  readonly signal?: AbortSignal | undefined;
  /** A question ends the wait too. */
  readonly untilAsked?: boolean;
}

/** Waits for the task's end, no longer than the budget. Throws the signal's reason, or a ClientClosedError. */
export async function waitWithin(task: Task, options: WaitOptions): Promise<void> {
  const { budgetMs, clock, signal, untilAsked = false } = options;
  signal?.throwIfAborted();
  const waited = (): boolean =>
    task.view.outcome !== undefined || (untilAsked && task.view.inputRequests.length > 0);
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
