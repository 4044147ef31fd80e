import { type Clock, LONGEST_TIMEOUT_MS } from "../clock.ts";

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
  /** What the timer was set for, and when, in ms since 1970. */
  let setFor: number | undefined;
  let setAt = 0;
  let stopped = false;

  function wake(dueAt: number): void {
    const now = clock.now();
    // Of the many tasks that are polled together, each asks for the same time. Later the clock may have been set.
    if (dueAt === setFor && now === setAt) return;
    cancel?.();
    cancel = undefined;
    setFor = dueAt;
    setAt = now;
    if (stopped || dueAt === Number.POSITIVE_INFINITY) return;
    const wait = Math.min(LONGEST_TIMEOUT_MS, Math.max(0, dueAt - now));
    cancel = clock.after(wait, () => {
      setFor = undefined;
      wake(step(clock.now()));
    });
  }

  return {
    wake,
    stop() {
      stopped = true;
      cancel?.();
    },
  };
}
