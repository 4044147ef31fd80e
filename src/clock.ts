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
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
