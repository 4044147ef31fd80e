import type { Clock } from "../clock.ts";

/** The longest wait `setTimeout` can hold, in ms. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Drives a `step` with a timer: for tabs and workers that live for a while. `step` does what is due
 * and says when to come back (Infinity: not before it is woken).
 */
export class TimerLoop {
  readonly #clock: Clock;
  readonly #step: (now: number) => number;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(clock: Clock, step: (now: number) => number) {
    this.#clock = clock;
    this.#step = step;
  }

  /** Looks again when to step: call it whenever that may have changed. */
  wake(dueAt: number): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#stopped || dueAt === Number.POSITIVE_INFINITY) return;
    const wait = Math.min(LONGEST_TIMEOUT_MS, Math.max(0, dueAt - this.#clock.now()));
    this.#cancel = this.#clock.after(wait, () => this.wake(this.#step(this.#clock.now())));
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }
}
