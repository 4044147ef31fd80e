const MINUTE_MS = 60_000;

/** Where the one moment that a pace needs is kept. */
export interface PaceMemory {
  paidUntil: number;
}

/**
 * How much a minute: a minute's worth at once, and from then on evenly as it comes back (GCRA). All it keeps is one
 * moment, which time overtakes by itself.
 */
export class Pace {
  readonly #memory: PaceMemory;

  constructor(memory: PaceMemory) {
    this.#memory = memory;
  }

  /** Returns which part of a minute's worth is left, 0 to 1. */
  left(now: number): number {
    return 1 - Math.min(Math.max(this.#memory.paidUntil - now, 0), MINUTE_MS) / MINUTE_MS;
  }

  /** Returns how much of a minute's worth is taken. */
  taken(perMinute: number, now: number): number {
    return Math.round((1 - this.left(now)) * perMinute);
  }

  /** Takes `count`, 1 by default. Returns how long to wait instead, in ms, if there is not as much left. */
  take(perMinute: number, now: number, count = 1): number | undefined {
    const cost = (MINUTE_MS / perMinute) * Math.min(count, perMinute);
    const stored = this.#memory.paidUntil;
    // The clock was set back: a caller ahead of it waits a minute at most.
    if (stored > now + MINUTE_MS) this.#memory.paidUntil = now + MINUTE_MS;
    const paidUntil = Math.min(Math.max(stored, now), now + MINUTE_MS);
    const wait = paidUntil + cost - (now + MINUTE_MS);
    // Sums of fractions are not exact.
    if (wait > 1e-3) return Math.ceil(wait);
    this.#memory.paidUntil = paidUntil + cost;
    return undefined;
  }
}

/** In storage: an eviction returns nothing that was taken. Each change writes a row. */
export function storedPace(storage: SyncKvStorage): PaceMemory {
  const key = "paid-until";
  return {
    get paidUntil() {
      return storage.get<number>(key) ?? 0;
    },
    set paidUntil(at) {
      storage.put(key, at);
    },
  };
}
