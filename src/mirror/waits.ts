import type { Clock } from "../clock.ts";
import { unlessAborted } from "../unless-aborted.ts";

const BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 60_000;

/** The waits of a backoff: exponential with jitter, so that many clients do not come back at once. A nudge ends them early. */
export interface Waits {
  /**
   * Waits after a failure. Rejects with the signal's reason when aborted.
   * @param failures How many there were in a row, at least 1.
   * @param demandedMs How long the other side asked to be left alone, in ms, if it did: a nudge does not shorten that.
   */
  backOff(failures: number, demandedMs: number | undefined, signal: AbortSignal): Promise<void>;
  nudge(): void;
}

export function createWaits(clock: Clock): Waits {
  const early = new Set<() => void>();
  return {
    backOff(failures, demandedMs, signal) {
      let end!: () => void;
      const waited = new Promise<void>((resolve) => {
        end = resolve;
      });
      const step = Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** (failures - 1));
      const callOff = clock.after(Math.max(demandedMs ?? 0, (step * (1 + Math.random())) / 2), end);
      if (demandedMs === undefined) early.add(end);
      return unlessAborted(waited, signal).finally(() => {
        callOff();
        early.delete(end);
      });
    },
    nudge() {
      for (const done of [...early]) done();
    },
  };
}
