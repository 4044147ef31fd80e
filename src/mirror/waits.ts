import type { Clock } from "../clock.ts";

/** The waits of a backoff. A nudge ends them early. */
export class Waits {
  readonly #clock: Clock;
  readonly #early: Set<() => void> = new Set();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Rejects with the signal's reason when aborted.
   * @param demanded The worker named the time: a nudge does not shorten it.
   */
  wait(ms: number, demanded: boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const settle = (finish: () => void): void => {
        callOff();
        this.#early.delete(done);
        signal.removeEventListener("abort", aborted);
        finish();
      };
      const done = (): void => settle(resolve);
      const aborted = (): void => settle(() => reject(signal.reason));
      const callOff = this.#clock.after(ms, done);
      if (!demanded) this.#early.add(done);
      signal.addEventListener("abort", aborted);
    });
  }

  nudge(): void {
    for (const done of [...this.#early]) done();
  }
}
