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

/** Ms by the clock that nobody sets, or else by the wall clock. */
export function elapsedBy(clock: Clock): number {
  return clock.elapsed?.() ?? clock.now();
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
