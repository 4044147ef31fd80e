import type { Clock } from "../clock.ts";

/** A clock that stands still until the test moves it. */
export interface TestClock extends Clock {
  elapsed(): number;
  /**
   * Moves the time on by `ms` and calls the timers on the way, in their order. Resolves once everything that they caused has
   * happened. Throws a RangeError if `ms` is negative or not a number.
   */
  advance(ms: number): Promise<void>;
  /**
   * Calls one timer after the other until the promise settles, and returns its value.
   * @param limitMs How far the time may move, in ms: a day. Then it rejects with an Error.
   */
  until<T>(promise: Promise<T>, limitMs?: number): Promise<T>;
  /** Resolves once everything has happened that waits for no timer. */
  settled(): Promise<void>;
  /** Has {@link settled} wait for this work too, such as a request to a store. */
  track<T>(work: Promise<T>): Promise<T>;
}

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** The first time of a test clock: 2026-08-01T12:00:00Z, in ms since 1970. */
const START = Date.UTC(2026, 7, 1, 12);
const DAY_MS = 86_400_000;
/** How many turns of the event loop a chain of promises gets that goes through another library, such as a renderer. */
const TURNS = 3;
/** Fake timers of a test runner replace the global one later. */
const { setTimeout: later } = globalThis;

/**
 * Returns a clock for tests. No time passes by itself, so that a test with it never sleeps.
 * @param start The first time, in ms since 1970: by default 2026-08-01T12:00:00Z.
 * @example
 * const clock = testClock();
 * clock.after(60_000, () => console.log("a minute later"));
 * await clock.advance(60_000);
 */
export function testClock(start: number = START): TestClock {
  const timers = new Set<Timer>();
  let now = start;
  let tracked = 0;

  const next = (): number => Math.min(Number.POSITIVE_INFINITY, ...[...timers].map(({ at }) => at));

  function ring(): void {
    for (const timer of [...timers]) if (timer.at <= now && timers.delete(timer)) timer.callback();
  }

  async function settled(): Promise<void> {
    for (let quiet = 0; quiet < TURNS; quiet = tracked > 0 ? 0 : quiet + 1) await turn();
  }

  return {
    now: () => now,
    elapsed: () => now - start,
    after(ms, callback) {
      const timer = { at: now + Math.max(0, ms), callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(ms) {
      if (!(ms >= 0)) throw new RangeError(`A test clock cannot advance by ${ms} ms: give 0 or more`);
      await settled();
      const until = now + ms;
      while (next() <= until) {
        now = Math.max(now, next());
        ring();
        await settled();
      }
      now = until;
    },
    async until(promise, limitMs = DAY_MS) {
      let open = true;
      const close = (): void => {
        open = false;
      };
      promise.then(close, close);
      await settled();
      const limit = now + limitMs;
      while (open) {
        const at = next();
        if (at > limit) {
          const why =
            at === Number.POSITIVE_INFINITY
              ? "nothing waits for a time, so the test itself must act first"
              : `${limitMs} ms of test time have passed`;
          throw new Error(`The promise given to clock.until() did not settle: ${why}`);
        }
        now = Math.max(now, at);
        ring();
        await settled();
      }
      return promise;
    },
    settled,
    track(work) {
      tracked++;
      const done = (): void => void tracked--;
      work.then(done, done);
      return work;
    },
  };
}

/** One turn of the event loop: every promise that waits only for others has settled then. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof MessageChannel === "undefined") return void later(resolve, 0);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      // An open port keeps Node running.
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
