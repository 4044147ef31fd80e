/** What a directory wakes for. */
export type AlarmPurpose = "purge" | "push" | "notify-groups";

/** The one alarm of a directory, for each of its purposes. Each setting writes rows: see that it is needed. */
export class SharedAlarm {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  isSet(purpose: AlarmPurpose): boolean {
    return this.#storage.kv.get<number>(keyOf(purpose)) !== undefined;
  }

  /** Wakes the object by then, in ms since 1970. Infinity: not for this purpose. */
  async set(purpose: AlarmPurpose, at: number): Promise<void> {
    const { kv } = this.#storage;
    if (at === Number.POSITIVE_INFINITY) kv.delete(keyOf(purpose));
    else if (kv.get<number>(keyOf(purpose)) !== at) kv.put(keyOf(purpose), at);
    const first = Math.min(...this.#times().map(([, time]) => time));
    const known = await this.#storage.getAlarm();
    // One that goes off too early does no harm.
    if (first < (known ?? Number.POSITIVE_INFINITY)) await this.#storage.setAlarm(first);
  }

  /** The purposes for which the alarm that goes off now was set. `purge`, if nothing says which: releases before had no other. */
  due(now: number): ReadonlySet<AlarmPurpose> {
    const due = this.#times().flatMap(([purpose, at]) => (at <= now ? [purpose] : []));
    return new Set(due.length > 0 ? due : ["purge"]);
  }

  #times(): readonly (readonly [AlarmPurpose, number])[] {
    return [...this.#storage.kv.list<number>({ prefix: keyOf("") })].map(([key, at]) => [
      key.slice(keyOf("").length) as AlarmPurpose,
      at,
    ]);
  }
}

function keyOf(purpose: AlarmPurpose | ""): string {
  return `alarm:${purpose}`;
}
