/** How long a key is remembered, in ms. */
export const KEY_LIFE_MS = 24 * 3_600_000;

/** What a key stands for. */
export interface KeyedCall {
  readonly endpoint: string;
  readonly shard: number;
  readonly id: string;
  readonly fingerprint: string;
  /** The caller deleted its task: the same call is not made again. */
  readonly deleted?: boolean;
}

/** The Idempotency-Keys of a principal. */
export class IdempotencyKeys {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`CREATE TABLE IF NOT EXISTS idempotency_keys (
      key TEXT PRIMARY KEY, endpoint TEXT NOT NULL, shard INTEGER NOT NULL, id TEXT NOT NULL,
      fingerprint TEXT NOT NULL, at INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID`);
    // Of a principal in a hurry every task is one too many before long: the table is not read for each.
    sql.exec("CREATE INDEX IF NOT EXISTS idempotency_key_of ON idempotency_keys (id)");
  }

  find(key: string, now: number): KeyedCall | undefined {
    const [row] = this.#sql
      .exec<{ endpoint: string; shard: number; id: string; fingerprint: string; deleted: number }>(
        "SELECT endpoint, shard, id, fingerprint, deleted FROM idempotency_keys WHERE key = ? AND at > ?",
        key,
        now - KEY_LIFE_MS,
      )
      .toArray();
    return row && { ...row, deleted: row.deleted !== 0 };
  }

  /** The task was deleted. */
  delete(id: string): void {
    this.#sql.exec("UPDATE idempotency_keys SET deleted = 1 WHERE id = ? AND deleted = 0", id);
  }

  put(key: string, call: KeyedCall, now: number): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO idempotency_keys (key, endpoint, shard, id, fingerprint, at) VALUES (?, ?, ?, ?, ?, ?)",
      key,
      call.endpoint,
      call.shard,
      call.id,
      call.fingerprint,
      now,
    );
  }

  /** Deletes what nobody can ask for any more. True if something is left. */
  purge(now: number): boolean {
    this.#sql.exec("DELETE FROM idempotency_keys WHERE at <= ?", now - KEY_LIFE_MS);
    return this.#sql.exec("SELECT 1 FROM idempotency_keys LIMIT 1").toArray().length > 0;
  }
}
