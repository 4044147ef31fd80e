/** How many names of one endpoint are remembered, and how long they may be, in characters. Others are not. */
const MOST_NAMES = 2_000;
const LONGEST_NAME = 256;

/** Which tools each endpoint listed when it was last asked. Durable: names given to clients hang on it. */
export class KnownTools {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  /** Writes the lists that have changed. */
  note(listed: Readonly<Record<string, readonly string[]>>): void {
    for (const [endpoint, names] of Object.entries(listed)) {
      const kept = names.filter((name) => name.length <= LONGEST_NAME).slice(0, MOST_NAMES);
      const key = `tools:${endpoint}`;
      if (JSON.stringify(this.#kv.get(key)) !== JSON.stringify(kept)) this.#kv.put(key, kept);
    }
  }

  all(): Record<string, readonly string[]> {
    const entries = [...this.#kv.list<readonly string[]>({ prefix: "tools:" })];
    return Object.fromEntries(entries.map(([key, names]) => [key.slice("tools:".length), names]));
  }
}
