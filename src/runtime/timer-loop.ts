import type { Clock } from "../clock.ts";

/** The longest wait `setTimeout` can hold, in ms. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

export interface TimerLoop {
  /** Looks again when to step: call it whenever that may have changed. */
  wake(dueAt: number): void;
  stop(): void;
}

/**
 * Drives a `step` with a timer: for tabs and workers that live for a while. `step` does what is due
 * and says when to come back (Infinity: not before it is woken).
 */
export function createTimerLoop(clock: Clock, step: (now: number) => number): TimerLoop {
  let cancel: (() => void) | undefined;
  let stopped = false;

  function wake(dueAt: number): void {
    cancel?.();
    cancel = undefined;
    if (stopped || dueAt === Number.POSITIVE_INFINITY) return;
    const wait = Math.min(LONGEST_TIMEOUT_MS, Math.max(0, dueAt - clock.now()));
    cancel = clock.after(wait, () => wake(step(clock.now())));
  }

  return {
    wake,
    stop() {
      stopped = true;
      cancel?.();
    },
  };
}
