import { DELIVERY_BACKOFF_MS } from "../outbound/delivery-backoff.ts";
import { type SignedPost, signedPost } from "./signed-post.ts";
import type { DeliveryResult, WebhookDelivery } from "./webhook-delivery.ts";

/** The receiver wants no further attempt: it is gone, or the message is too long for it. */
const FINAL_STATUSES: ReadonlySet<number> = new Set([410, 413]);
/** How many are delivered by one alarm: the next polls of the tasks wait for its end, and have the other connections meanwhile. */
const AT_ONCE = 3;

/** How many attempts are remembered, of as many messages, and how many more are stored before the oldest are deleted. */
const LOGGED = 100;
const LOG_SLACK = 50;

interface Waiting {
  readonly id: string;
  readonly url: string;
  readonly attempts: number;
}

/** How an attempt ended: accepted, to be made again, refused for good, or without any reply. */
interface Attempt {
  readonly kind: "taken" | "failed" | "refused" | "unanswered";
  readonly status?: number;
}

interface Logged {
  readonly id: string;
  readonly url: string;
  readonly attempts: number;
  readonly at: number;
  readonly result: DeliveryResult;
  readonly status: number | null;
}

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
  /** How many attempts are stored, once one was logged in this life. */
  #logged: number | undefined;

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

  /** Nothing is left of a message: neither that it waits, nor how it was sent. */
  forget(id: string): void {
    this.withdraw(id);
    if (this.#logged !== undefined || (this.#hasTable && this.#hasLog()))
      this.#sql.exec(`DELETE FROM ${this.#table}_log WHERE id = ?`, id);
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

  /** What waits, and the last attempts: the newest first. Rows that are not released, and those of `except`, are left out. */
  deliveries(except?: string): readonly Omit<WebhookDelivery, "kind">[] {
    if (!this.#hasTable) return [];
    const waiting = this.#sql
      .exec<{ id: string; url: string; attempts: number; due: number }>(
        `SELECT id, url, attempts, due FROM ${this.#table} WHERE due IS NOT NULL ORDER BY due LIMIT ?`,
        LOGGED,
      )
      .toArray()
      .filter(({ id }) => except === undefined || !id.startsWith(except));
    const logged = new Map(this.#log().map((attempt) => [attempt.id, attempt]));
    const dueOf = new Map(waiting.map(({ id, due }) => [id, due]));
    const unsent = waiting.filter(({ id }) => !logged.has(id));
    return [
      ...unsent.map(({ id, url, attempts, due }) => ({ row: id, url, attempts, dueAt: due })),
      ...[...logged.values()].map(({ id, url, attempts, at, result, status }) => {
        const dueAt = dueOf.get(id);
        return {
          ...{ row: id, url, attempts, at, result },
          ...(status !== null && { status }),
          ...(dueAt !== undefined && { dueAt }),
        };
      }),
    ];
  }

  /** Has a message sent that waits, or one of the last attempts once more. Returns whether there is such a one. */
  again(id: string, now: number): boolean {
    if (!this.#hasTable) return false;
    const waits = this.#sql.exec(
      `UPDATE ${this.#table} SET due = ? WHERE id = ? AND due IS NOT NULL`,
      ...[now, id],
    );
    if (waits.rowsWritten > 0) return true;
    const known = this.#log().find((attempt) => attempt.id === id);
    if (known) this.put(id, known.url, now);
    return known !== undefined;
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
      return this.#after(waiting, { kind: "failed" }, Date.now());
    }
    if (!post) {
      this.withdraw(waiting.id);
      if (this.#log().some(({ id }) => id === waiting.id))
        this.#note(waiting, { at: Date.now(), result: "unwanted", status: null });
    } else this.#after(waiting, await this.#attempt(post), Date.now());
  }

  #after(waiting: Waiting, { kind, status }: Attempt, now: number): void {
    const { id, url, attempts } = waiting;
    const wait = kind === "refused" ? undefined : DELIVERY_BACKOFF_MS[attempts];
    if (kind === "taken" || wait === undefined) this.withdraw(id);
    else
      this.#sql.exec(
        `UPDATE ${this.#table} SET attempts = attempts + 1, due = ? WHERE id = ?`,
        ...[now + wait, id],
      );
    // Each attempt to an address that does not answer takes 15 s, and the tasks' polls wait for it: a few at a time are enough.
    if (kind === "unanswered" && wait !== undefined)
      this.#sql.exec(
        `UPDATE ${this.#table} SET due = ? WHERE url = ? AND due <= ?`,
        ...[now + wait, url, now],
      );
    const result = kind === "taken" ? "delivered" : wait === undefined ? "given_up" : "failed";
    this.#note(waiting, { at: now, result, status: status ?? null });
    this.#options.delivered(id, result);
  }

  /** The last attempt at each message: the newest first. */
  #log(): readonly Logged[] {
    if (this.#logged === undefined && !this.#hasLog()) return [];
    return this.#sql
      .exec(`SELECT * FROM ${this.#table}_log ORDER BY at DESC LIMIT ?`, LOGGED)
      .toArray() as unknown as Logged[];
  }

  #hasLog(): boolean {
    return (
      this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", `${this.#table}_log`).toArray().length > 0
    );
  }

  #note(
    { id, url, attempts }: Waiting,
    { at, result, status }: Pick<Logged, "at" | "result" | "status">,
  ): void {
    const log = `${this.#table}_log`;
    if (this.#logged === undefined) {
      this.#sql.exec(
        `CREATE TABLE IF NOT EXISTS ${log} (id TEXT PRIMARY KEY, url TEXT NOT NULL, attempts INTEGER NOT NULL, at INTEGER NOT NULL, result TEXT NOT NULL, status INTEGER) WITHOUT ROWID`,
      );
      this.#logged = this.#sql.exec<{ count: number }>(`SELECT count(*) AS count FROM ${log}`).one().count;
    }
    this.#sql.exec(
      `INSERT OR REPLACE INTO ${log} (id, url, attempts, at, result, status) VALUES (?, ?, ?, ?, ?, ?)`,
      ...[id, url, result === "unwanted" ? attempts : attempts + 1, at, result, status],
    );
    this.#logged += 1;
    if (this.#logged <= LOGGED + LOG_SLACK) return;
    this.#sql.exec(
      `DELETE FROM ${log} WHERE id NOT IN (SELECT id FROM ${log} ORDER BY at DESC LIMIT ?)`,
      LOGGED,
    );
    this.#logged = LOGGED;
  }

  async #attempt(post: SignedPost): Promise<Attempt> {
    try {
      const reply = await signedPost(this.#options.fetch, post);
      await reply.body?.cancel();
      const { ok, status } = reply;
      return { kind: ok ? "taken" : FINAL_STATUSES.has(status) ? "refused" : "failed", status };
    } catch {
      return { kind: "unanswered" };
    }
  }
}
