/** How many wrong tokens an address may present within a minute. A person who mistypes needs fewer. */
const ALLOWANCE = 30;
const WINDOW_MS = 60_000;
/** How many addresses are remembered, the latest. */
const ADDRESSES = 10_000;

interface Count {
  readonly since: number;
  wrong: number;
}

/**
 * Counts wrong tokens by the address they come from, in this isolate. Verifying a JWT costs a public-key operation, and
 * guessing should not be free. A configured token is compared first and always gets in.
 */
export class WrongTokens {
  readonly #counts: Map<string, Count> = new Map();

  /** How long this address has to wait before another unknown token of it is looked at, in ms; 0 if it need not. */
  waitMs(address: string, now: number): number {
    const count = this.#counts.get(address);
    if (!count || count.wrong < ALLOWANCE) return 0;
    return Math.max(0, count.since + WINDOW_MS - now);
  }

  /** Counts one more. */
  add(address: string, now: number): void {
    const known = this.#counts.get(address);
    const count = known && now < known.since + WINDOW_MS ? known : { since: now, wrong: 0 };
    count.wrong++;
    // Set anew, it is the latest: the map gives its oldest entry first.
    this.#counts.delete(address);
    this.#counts.set(address, count);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > ADDRESSES && oldest !== undefined) this.#counts.delete(oldest);
  }
}
