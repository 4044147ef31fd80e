/** Before a process is started again, in ms: doubled with each time that it did not stay. */
const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;
/** A process that ran for so long in ms has stayed. */
const STAYED_MS = 30_000;

/** When a process that ends by itself may be started again. */
export class Restarts {
  #startedAt = 0;
  #failures = 0;

  /** How long to wait before the next start, in ms; 0 while nothing has failed. */
  get backoffMs(): number {
    if (this.#failures === 0) return 0;
    return Math.min(FIRST_BACKOFF_MS * 2 ** (this.#failures - 1), MAX_BACKOFF_MS);
  }

  started(now: number): void {
    this.#startedAt = now;
  }

  /** It did not come up. */
  failed(): void {
    this.#failures++;
  }

  /** It was up, and ended. */
  ended(now: number): void {
    this.#failures = now - this.#startedAt > STAYED_MS ? 1 : this.#failures + 1;
  }
}
