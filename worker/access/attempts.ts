import { RecentMap } from "../recent-map.ts";

const WINDOW_MS = 60_000;
/** How many addresses are remembered, the latest. */
const ADDRESSES = 10_000;

interface Count {
  readonly since: number;
  made: number;
}

/** Counts attempts by the address they come from, in this isolate, so that guessing and flooding cost time. */
export class Attempts {
  readonly #perMinute: number;
  readonly #counts: Map<string, Count> = new RecentMap(ADDRESSES);

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** How long this address has to wait before its next attempt is looked at, in ms; 0 if it need not. */
  waitMs(address: string, now: number): number {
    const count = this.#counts.get(address);
    if (!count || count.made < this.#perMinute) return 0;
    return Math.max(0, count.since + WINDOW_MS - now);
  }

  /** Counts one more. */
  add(address: string, now: number): void {
    const known = this.#counts.get(address);
    const count = known && now < known.since + WINDOW_MS ? known : { since: now, made: 0 };
    count.made++;
    this.#counts.set(address, count);
  }
}
