import { DELIVERY_BACKOFF_MS } from "../outbound/delivery-backoff.ts";
import { type SignedPost, signedPost } from "./signed-post.ts";

/** The receiver wants no further attempt: it is gone, or the message is too long for it. */
const FINAL_STATUSES: ReadonlySet<number> = new Set([410, 413]);
/** How many are delivered by one alarm: the next polls of the tasks wait for its end, and have the other connections meanwhile. */
const AT_ONCE = 3;

interface Waiting {
  readonly id: string;
  readonly url: string;
  readonly attempts: number;
}

/** How an attempt ended: accepted, to be made again, refused for good, or without any reply. */
type Attempt = "taken" | "failed" | "refused" | "unanswered";

export interface OutboxOptions {
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>;
  /** The message of a row; undefined if nobody wants it any longer. If it rejects, the row is tried again later. */
  readonly post: (id: string, url: string) => Promise<SignedPost | undefined>;
  readonly delivered: (id: string, result: "delivered" | "failed" | "given_up") => void;
}

/**
 * Signed messages on their way to webhooks. Each is a row until it is delivered or given up, so that eviction loses none; the same
 * one may come twice and then has the same `webhook-id`.
 */
export class Outbox {
  readonly #sql: SqlStorage;
  readonly #table: string;
  readonly #options: OutboxOptions;
  /** Most objects have no table: nothing is read for each of their outcomes, and nothing written. */
  #hasTable: boolean;

  /** @param table Where its rows are. It is created with the first one. */
  constructor(sql: SqlStorage, table: "webhook" | "event_delivery", options: OutboxOptions) {
    this.#sql = sql;
    this.#table = table;
    this.#options = options;
    this.#hasTable = sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", table).toArray().length > 0;
  }

  /** Adds a row, unless there is one of this id. @param due When to deliver it, in ms since 1970; null until it is {@link release}d. */
  put(id: string, url: string, due: number | null): void {
    if (!this.#hasTable)
      this.#sql.exec(
        `CREATE TABLE ${this.#table} (id TEXT PRIMARY KEY, url TEXT NOT NULL, attempts INTEGER NOT NULL, due INTEGER) WITHOUT ROWID`,
      );
    this.#hasTable = true;
    this.#sql.exec(
      `INSERT OR IGNORE INTO ${this.#table} (id, url, attempts, due) VALUES (?, ?, 0, ?)`,
      ...[id, url, due],
    );
  }

  /** Has a row that waits for it delivered. Returns whether there was one. */
  release(id: string, now: number): boolean {
    if (!this.#hasTable) return false;
    const cursor = this.#sql.exec(
      `UPDATE ${this.#table} SET due = ? WHERE id = ? AND due IS NULL`,
      ...[now, id],
    );
    return cursor.rowsWritten > 0;
  }

  withdraw(id: string): void {
    if (!this.#hasTable) return;
    this.#sql.exec(`DELETE FROM ${this.#table} WHERE id = ?`, id);
  }

  /** How many rows have an id that begins so. */
  count(prefix: string): number {
    if (!this.#hasTable) return 0;
    return this.#sql
      .exec<{ count: number }>(
        `SELECT count(*) AS count FROM ${this.#table} WHERE id >= ? AND id < ?`,
        ...[prefix, `${prefix}\uffff`],
      )
      .one().count;
  }

  /** The first rows whose ids begin so. */
  ids(prefix: string, limit: number): readonly string[] {
    if (!this.#hasTable) return [];
    return this.#sql
      .exec<{ id: string }>(
        `SELECT id FROM ${this.#table} WHERE id >= ? AND id < ? LIMIT ?`,
        ...[prefix, `${prefix}\uffff`, limit],
      )
      .toArray()
      .map(({ id }) => id);
  }

  /** Leaves the rows whose ids begin so alone until then, in ms since 1970. */
  postpone(prefix: string, until: number): void {
    this.#sql.exec(
      `UPDATE ${this.#table} SET due = ? WHERE id >= ? AND id < ? AND due < ?`,
      ...[until, prefix, `${prefix}\uffff`, until],
    );
  }

  /** When the next delivery is due, in ms since 1970, or Infinity. */
  nextDue(): number {
    if (!this.#hasTable) return Number.POSITIVE_INFINITY;
    const { due } = this.#sql
      .exec<{ due: number | null }>(`SELECT min(due) AS due FROM ${this.#table}`)
      .one();
    return due ?? Number.POSITIVE_INFINITY;
  }

  /** Delivers some of what is due, all at once. What is left is still due. */
  async deliver(now: number): Promise<void> {
    if (!this.#hasTable) return;
    const due = this.#sql
      .exec(
        `SELECT id, url, attempts FROM ${this.#table} WHERE due <= ? ORDER BY due LIMIT ?`,
        ...[now, AT_ONCE],
      )
      .toArray() as unknown as Waiting[];
    await Promise.all(due.map((waiting) => this.#deliver(waiting)));
  }

  async #deliver(waiting: Waiting): Promise<void> {
    let post: SignedPost | undefined;
    try {
      post = await this.#options.post(waiting.id, waiting.url);
    } catch {
      return this.#after(waiting, "failed", Date.now());
    }
    if (!post) this.withdraw(waiting.id);
    else this.#after(waiting, await this.#attempt(post), Date.now());
  }

  #after({ id, url, attempts }: Waiting, attempt: Attempt, now: number): void {
    const wait = attempt === "refused" ? undefined : DELIVERY_BACKOFF_MS[attempts];
    if (attempt === "taken" || wait === undefined) this.withdraw(id);
    else
      this.#sql.exec(
        `UPDATE ${this.#table} SET attempts = attempts + 1, due = ? WHERE id = ?`,
        ...[now + wait, id],
      );
    // Each attempt to an address that does not answer takes 15 s, and the tasks' polls wait for it: a few at a time are enough.
    if (attempt === "unanswered" && wait !== undefined)
      this.#sql.exec(
        `UPDATE ${this.#table} SET due = ? WHERE url = ? AND due <= ?`,
        ...[now + wait, url, now],
      );
    this.#options.delivered(
      id,
      attempt === "taken" ? "delivered" : wait === undefined ? "given_up" : "failed",
    );
  }

  async #attempt(post: SignedPost): Promise<Attempt> {
    try {
      const reply = await signedPost(this.#options.fetch, post);
      await reply.body?.cancel();
      if (reply.ok) return "taken";
      return FINAL_STATUSES.has(reply.status) ? "refused" : "failed";
    } catch {
      return "unanswered";
    }
  }
}
