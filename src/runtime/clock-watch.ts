import type { Clock } from "../clock.ts";

/** A wall clock that is slewed runs this much off at most between two looks, in ms. */
const SLEW_MS = 1_000;

/** Notices that somebody, or the network's time, has set the wall clock. */
export class ClockWatch {
  readonly #clock: Clock;
  #wall: number;
  #elapsed: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wall = clock.now();
    this.#elapsed = clock.elapsed?.();
  }

  /**
   * Returns by how many ms the wall clock was set since the last look: negative if back. A clock without
   * `elapsed` cannot distinguish a clock that was set forward from the passing of time, and returns 0 for it.
   */
  jump(): number {
    const wall = this.#clock.now();
    const elapsed = this.#clock.elapsed?.();
    const passed = wall - this.#wall;
    const jump =
      elapsed === undefined || this.#elapsed === undefined
        ? Math.min(passed, 0)
        : passed - (elapsed - this.#elapsed);
    this.#wall = wall;
    this.#elapsed = elapsed;
    return elapsed !== undefined && Math.abs(jump) < SLEW_MS ? 0 : jump;
  }
}
