const MINUTE_MS = 60_000;
const PAID_UNTIL = "paid-until";

/**
 * How many calls a minute: a minute's worth at once, and from then on evenly as they come back (GCRA). All it keeps is one
 * moment, which time overtakes by itself.
 */
export class CallPace {
  readonly #storage: SyncKvStorage;

  constructor(storage: SyncKvStorage) {
    this.#storage = storage;
  }

  /** Takes one call. Gives how long it has to wait instead, in ms, if there is none left. */
  take(callsPerMinute: number, now: number): number | undefined {
    const each = MINUTE_MS / callsPerMinute;
    const stored = this.#storage.get<number>(PAID_UNTIL) ?? now;
    // The clock was set back: whoever is a minute ahead of it stays no longer so than a minute.
    if (stored > now + MINUTE_MS) this.#storage.put(PAID_UNTIL, now + MINUTE_MS);
    const paidUntil = Math.min(Math.max(stored, now), now + MINUTE_MS);
    const wait = paidUntil + each - (now + MINUTE_MS);
    // Sums of fractions are not exact.
    if (wait > 1e-3) return Math.ceil(wait);
    this.#storage.put(PAID_UNTIL, paidUntil + each);
    return undefined;
  }
}
