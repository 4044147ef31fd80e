import type { TaskView } from "holdfast";
import { webhookKey, webhookSignature } from "./webhook-key.ts";

/** Waits after each failed delivery, in ms, as Standard Webhooks advises; after the last one it is given up. */
const BACKOFF_MS = [5_000, 60_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000];
const TIMEOUT_MS = 15_000;
/** How many are delivered by one alarm: the next polls of the tasks wait for its end, and have the other connections meanwhile. */
const AT_ONCE = 3;

interface Waiting {
  readonly id: string;
  readonly url: string;
  readonly attempts: number;
}

export interface WebhookOutboxOptions {
  /** What the keys of the signatures are derived from; without it no webhook is taken. */
  readonly secret: string | undefined;
  /** Whose tasks these are; nobody's in an object that never had any. */
  readonly principal: () => string | undefined;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly task: (id: string) => Promise<TaskView | undefined>;
  readonly delivered: (id: string, result: "delivered" | "failed" | "given_up") => void;
}

/**
 * Reports outcomes by signed webhooks (standardwebhooks.com). An order is a row until it is delivered or given
 * up, so that eviction loses none; the same delivery may come twice and then has the same `webhook-id`.
 */
export class WebhookOutbox {
  readonly #sql: SqlStorage;
  readonly #options: WebhookOutboxOptions;
  /** Derived with the first delivery: the object's principal never changes. */
  #key: Promise<Uint8Array<ArrayBuffer>> | undefined;
  /** Most objects have no orders, and then nothing is read for each of their outcomes. */
  #hasOrders: boolean;

  constructor(sql: SqlStorage, options: WebhookOutboxOptions) {
    this.#sql = sql;
    this.#options = options;
    sql.exec(
      `CREATE TABLE IF NOT EXISTS webhook (id TEXT PRIMARY KEY, url TEXT NOT NULL, attempts INTEGER NOT NULL,
       due INTEGER) WITHOUT ROWID`,
    );
    this.#hasOrders = sql.exec("SELECT 1 FROM webhook LIMIT 1").toArray().length > 0;
  }

  /** To be called before the call is made. */
  order(id: string, url: string): void {
    this.#hasOrders = true;
    this.#sql.exec("INSERT OR IGNORE INTO webhook (id, url, attempts) VALUES (?, ?, 0)", id, url);
  }

  /** The call was not made after all. */
  withdraw(id: string): void {
    this.#remove(id);
  }

  /** The task has its outcome: whether there is something to deliver. */
  settled(id: string, now: number): boolean {
    if (!this.#hasOrders) return false;
    const cursor = this.#sql.exec("UPDATE webhook SET due = ? WHERE id = ? AND due IS NULL", now, id);
    return cursor.rowsWritten > 0;
  }

  /** When the next delivery is due, in ms since 1970, or Infinity. */
  nextDue(): number {
    const { due } = this.#sql.exec<{ due: number | null }>("SELECT min(due) AS due FROM webhook").one();
    return due ?? Number.POSITIVE_INFINITY;
  }

  /** Delivers some of what is due, all at once. What is left is still due. */
  async deliver(now: number): Promise<void> {
    const due = this.#sql
      .exec("SELECT id, url, attempts FROM webhook WHERE due <= ? ORDER BY due LIMIT ?", now, AT_ONCE)
      .toArray() as unknown as Waiting[];
    await Promise.all(due.map((waiting) => this.#deliver(waiting)));
  }

  async #deliver(waiting: Waiting): Promise<void> {
    const task = await this.#options.task(waiting.id);
    // Forgotten meanwhile: nobody wants to know.
    if (!task) this.#remove(waiting.id);
    else this.#after(waiting, await this.#post(waiting, task), Date.now());
  }

  #after({ id, attempts }: Waiting, taken: boolean, now: number): void {
    const wait = BACKOFF_MS[attempts];
    if (taken || wait === undefined) this.#remove(id);
    else this.#sql.exec("UPDATE webhook SET attempts = attempts + 1, due = ? WHERE id = ?", now + wait, id);
    this.#options.delivered(id, taken ? "delivered" : wait === undefined ? "given_up" : "failed");
  }

  #remove(id: string): void {
    this.#sql.exec("DELETE FROM webhook WHERE id = ?", id);
  }

  async #post({ id, url }: Waiting, task: TaskView): Promise<boolean> {
    const timestamp = new Date();
    const principal = this.#options.principal() ?? "";
    const body = JSON.stringify({
      type: "task.settled",
      timestamp: timestamp.toISOString(),
      principal,
      data: task,
    });
    const seconds = Math.floor(timestamp.getTime() / 1000);
    try {
      const reply = await this.#options.fetch(url, {
        method: "POST",
        body,
        // What was meant for this address goes to no other.
        redirect: "manual",
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          "content-type": "application/json",
          "webhook-id": id,
          "webhook-timestamp": String(seconds),
          "webhook-signature": await webhookSignature(
            await this.#keyOf(principal),
            `${id}.${seconds}.${body}`,
          ),
        },
      });
      await reply.body?.cancel();
      return reply.ok;
    } catch {
      return false;
    }
  }
  #keyOf(principal: string): Promise<Uint8Array<ArrayBuffer>> {
    this.#key ??= webhookKey(this.#options.secret ?? "", principal);
    return this.#key;
  }
}
