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

/**
 * The clock of what neither polls nor waits long: no wait may be longer than {@link LONGEST_TIMEOUT_MS}. That the wall clock was set,
 * it does not notice.
 */
export const shortClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** Ms by the clock that nobody sets, or else by the wall clock. */
export function elapsedBy(clock: Clock): number {
  return clock.elapsed?.() ?? clock.now();
}

/** By how much more than `performance.now()` says the time has passed at least, by timers that went off. In ms. */
let stoodStill = 0;
const elapsed = (): number => performance.now() + stoodStill;
/** A timer goes off by so much too early at most, in ms, where `performance.now()` runs. */
const EARLY_MS = 100;

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed,
  after(ms, callback) {
    let timer: ReturnType<typeof setTimeout>;
    const due = elapsed() + ms;
    const ring = (): void => {
      // Some browsers, and the fake timers of tests, let it stand still: the wall clock would seem to be set all the time.
      const early = due - elapsed();
      if (early > EARLY_MS) stoodStill += early;
      callback();
    };
    const wait = (left: number): void => {
      const rest = left - LONGEST_TIMEOUT_MS;
      timer = rest > 0 ? setTimeout(wait, LONGEST_TIMEOUT_MS, rest) : setTimeout(ring, left);
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};
