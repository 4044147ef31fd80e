/** The time and its timers, so that tests can own them. Times are ms since 1970. */
export interface Clock {
  now(): number;
  /**
   * Ms since any moment, never set forward or back: by it the library notices that {@link now} was. Without it,
   * it notices only a clock that was set back.
   */
  elapsed?(): number;
  /** Calls back once after `ms`; the function returned calls it off. */
  after(ms: number, callback: () => void): () => void;
  /**
   * Calls back once what waits in the event loop has had its turn. A timer of 0 ms takes its place where a clock has none: in a
   * hidden page that takes a second, and a minute after five minutes.
   */
  turn?(callback: () => void): void;
}

/** The longest wait that `setTimeout` can hold, in ms: a longer one ends at once. */
export const LONGEST_TIMEOUT_MS: number = 2 ** 31 - 1;

/** Ms by the clock that nobody sets, or else by the wall clock. */
export function elapsedBy(clock: Clock): number {
  return clock.elapsed?.() ?? clock.now();
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, callback) {
    let timer: ReturnType<typeof setTimeout>;
    const wait = (left: number): void => {
      const rest = left - LONGEST_TIMEOUT_MS;
      timer = rest > 0 ? setTimeout(wait, LONGEST_TIMEOUT_MS, rest) : setTimeout(callback, left);
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};
