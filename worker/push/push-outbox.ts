import { readRetryAfter } from "../../src/channel/retry-after.ts";
import { base64url } from "../http/base64.ts";
import { sha256 } from "../http/digest.ts";
import { log } from "../operations/log.ts";
import { DELIVERY_BACKOFF_MS } from "../outbound/delivery-backoff.ts";
import { type FetchLike, OutboundRefusedError } from "../outbound/guarded-fetch.ts";
import { encryptedMessage } from "./message-encryption.ts";
import { isMeantFor, type PushSubscriptionRecord, type PushSubscriptions } from "./push-subscriptions.ts";
import { messageText, type TaskNotice } from "./task-notice.ts";
import { VapidKey } from "./vapid-key.ts";

/** The longest wait that a push service is granted, in ms. */
const LONGEST_WAIT_MS = 86_400_000;
const TIMEOUT_MS = 15_000;
/** How many messages one alarm sends: each object has six connections. */
const AT_ONCE = 4;
/** How many messages wait at most. Beyond it the oldest are dropped. */
const MOST_WAITING = 1_000;
/** How long a push service keeps a message for a browser that is off, in s: as long as the worker keeps an ended task. */
const TTL_S = 7 * 86_400;

export type PushResult = "delivered" | "failed" | "given_up" | "gone";

export interface PushOutboxOptions {
  readonly subscriptions: PushSubscriptions;
  readonly fetch: FetchLike;
  /** What people call an endpoint. */
  readonly labelOf: (endpoint: string) => string;
  readonly counted: (result: PushResult) => void;
}

interface Waiting {
  readonly [column: string]: SqlStorageValue;
  readonly subscription: string;
  readonly task: string;
  readonly notice: string;
  readonly attempts: number;
}

/** What a push service made of a message. */
type Reply =
  | { readonly kind: "delivered" | "gone" | "refused" }
  | { readonly kind: "failed"; readonly waitMs: number };

/**
 * The push messages of a principal that wait to be sent (RFC 8030). A message is a row until it is sent or given up, so that
 * eviction loses none. One that is sent twice shows once: it has the same `tag`. Of one task only the latest message waits.
 */
export class PushOutbox {
  readonly #storage: DurableObjectStorage;
  readonly #options: PushOutboxOptions;

  constructor(storage: DurableObjectStorage, options: PushOutboxOptions) {
    this.#storage = storage;
    this.#options = options;
    storage.sql.exec(
      `CREATE TABLE IF NOT EXISTS push (subscription TEXT NOT NULL, task TEXT NOT NULL, notice TEXT NOT NULL,
       attempts INTEGER NOT NULL, due INTEGER NOT NULL, PRIMARY KEY (subscription, task)) WITHOUT ROWID`,
    );
  }

  /** The key that subscriptions are made with. */
  async publicKey(): Promise<string> {
    return (await VapidKey.stored(this.#storage.kv)).publicKey;
  }

  /** Has each notice sent to the subscriptions that it is meant for. */
  add(notices: readonly TaskNotice[], now: number): void {
    const { sql } = this.#storage;
    const subscriptions = this.#options.subscriptions.all();
    for (const { detail, ...names } of notices) {
      for (const subscription of subscriptions) {
        if (!isMeantFor(subscription, names)) continue;
        const notice = subscription.details && detail !== undefined ? { ...names, detail } : names;
        sql.exec(
          "INSERT OR REPLACE INTO push (subscription, task, notice, attempts, due) VALUES (?, ?, ?, 0, ?)",
          ...[subscription.id, names.task, JSON.stringify(notice), now],
        );
      }
    }
    const { count } = sql.exec<{ count: number }>("SELECT count(*) AS count FROM push").one();
    if (count <= MOST_WAITING) return;
    log("push-dropped", { count: count - MOST_WAITING });
    sql.exec(
      `DELETE FROM push WHERE (subscription, task) IN
       (SELECT subscription, task FROM push ORDER BY due, task LIMIT ?)`,
      count - MOST_WAITING,
    );
  }

  /** When the next message is due, in ms since 1970, or Infinity. */
  nextDue(): number {
    const { due } = this.#storage.sql.exec<{ due: number | null }>("SELECT min(due) AS due FROM push").one();
    return due ?? Number.POSITIVE_INFINITY;
  }

  /** Sends some of what is due, at the same time. What is left is still due. */
  async deliver(now: number): Promise<void> {
    const due = this.#storage.sql
      .exec<Waiting>(
        "SELECT subscription, task, notice, attempts FROM push WHERE due <= ? ORDER BY due LIMIT ?",
        now,
        AT_ONCE,
      )
      .toArray();
    await Promise.all(due.map((waiting) => this.#send(waiting, now)));
  }

  async #send(waiting: Waiting, now: number): Promise<void> {
    const subscription = this.#options.subscriptions.get(waiting.subscription, now);
    if (!subscription) return this.#dropAll(waiting.subscription);
    const reply = await this.#post(subscription, JSON.parse(waiting.notice) as TaskNotice);
    const result = this.#after(waiting, reply, Date.now());
    this.#options.counted(result);
    log("push", { subscription: waiting.subscription, task: waiting.task, result });
  }

  #after(waiting: Waiting, reply: Reply, now: number): PushResult {
    switch (reply.kind) {
      case "delivered":
        this.#drop(waiting);
        return "delivered";
      case "gone":
        this.#options.subscriptions.remove(waiting.subscription);
        this.#dropAll(waiting.subscription);
        return "gone";
      case "refused":
        this.#drop(waiting);
        return "given_up";
      case "failed":
        return this.#putOff(waiting, reply.waitMs, now);
    }
  }

  #putOff({ subscription, task, notice, attempts }: Waiting, waitMs: number, now: number): PushResult {
    const backoff = DELIVERY_BACKOFF_MS[attempts];
    if (backoff === undefined) {
      this.#drop({ subscription, task, notice, attempts });
      return "given_up";
    }
    const { sql } = this.#storage;
    const due = now + Math.max(backoff, waitMs);
    sql.exec(
      "UPDATE push SET attempts = attempts + 1, due = ? WHERE subscription = ? AND task = ? AND notice = ?",
      ...[due, subscription, task, notice],
    );
    // A push service that asks for a pause means all messages to the browser.
    if (waitMs > 0)
      sql.exec("UPDATE push SET due = ? WHERE subscription = ? AND due < ?", due, subscription, now + waitMs);
    return "failed";
  }

  /** Not a later notice of the task, which may have come meanwhile. */
  #drop({ subscription, task, notice }: Waiting): void {
    this.#storage.sql.exec(
      "DELETE FROM push WHERE subscription = ? AND task = ? AND notice = ?",
      ...[subscription, task, notice],
    );
  }

  #dropAll(subscription: string): void {
    this.#storage.sql.exec("DELETE FROM push WHERE subscription = ?", subscription);
  }

  async #post({ endpoint, keys, open, contact }: PushSubscriptionRecord, notice: TaskNotice): Promise<Reply> {
    const { fetch, labelOf } = this.#options;
    const now = Date.now();
    try {
      const key = await VapidKey.stored(this.#storage.kv);
      const reply = await fetch(endpoint, {
        method: "POST",
        body: await encryptedMessage(messageText(notice, { label: labelOf(notice.endpoint), open }), keys),
        redirect: "manual",
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          authorization: await key.authorization(endpoint, contact, now),
          "content-encoding": "aes128gcm",
          "content-type": "application/notification+json",
          ttl: String(TTL_S),
          urgency: notice.kind === "input_required" ? "high" : "normal",
          topic: await topicOf(notice.task),
        },
      });
      await reply.body?.cancel();
      return readReply(reply, now);
    } catch (error) {
      log("push-failed", { message: error instanceof Error ? error.name : String(error) });
      return error instanceof OutboundRefusedError ? { kind: "refused" } : { kind: "failed", waitMs: 0 };
    }
  }
}

/** A later message takes the place of one that the push service still has (RFC 8030, section 5.4): 32 characters at most. */
async function topicOf(task: string): Promise<string> {
  return base64url((await sha256(task)).slice(0, 24));
}

function readReply({ ok, status, headers }: Response, now: number): Reply {
  if (ok) return { kind: "delivered" };
  if (status === 404 || status === 410) return { kind: "gone" };
  if (status === 408 || status === 429 || status >= 500)
    return {
      kind: "failed",
      waitMs: readRetryAfter(headers.get("retry-after"), now, LONGEST_WAIT_MS) ?? 0,
    };
  // Another attempt would be refused, too; a redirect is followed nowhere.
  return { kind: "refused" };
}
