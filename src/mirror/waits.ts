import type { Clock } from "../clock.ts";
import { backoffDelay } from "../engine/schedule.ts";

/** The waits of a backoff. A nudge ends them early. */
export interface Waits {
  /**
   * Waits after a failure. Rejects with the signal's reason when aborted.
   * @param key Spreads the waits of many clients.
   * @param failures How many there were in a row, at least 1.
   * @param demandedMs How long the other side asked to be left alone, in ms, if it did: a nudge does not shorten that.
   */
  backOff(key: string, failures: number, demandedMs: number | undefined, signal: AbortSignal): Promise<void>;
  nudge(): void;
}

export function createWaits(clock: Clock): Waits {
  const early = new Set<() => void>();
  return {
    backOff: (key, failures, demandedMs, signal) =>
      new Promise((resolve, reject) => {
        const done = (): void => {
          callOff();
          early.delete(done);
          signal.removeEventListener("abort", done);
          if (signal.aborted) reject(signal.reason);
          else resolve();
        };
        const callOff = clock.after(Math.max(demandedMs ?? 0, backoffDelay(key, failures)), done);
        if (demandedMs === undefined) early.add(done);
        signal.addEventListener("abort", done);
        if (signal.aborted) done();
      }),
    nudge() {
      for (const done of [...early]) done();
    },
  };
}
