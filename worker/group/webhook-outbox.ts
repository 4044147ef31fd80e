import type { TaskView } from "holdfast";
import { Outbox, type OutboxOptions } from "./outbox.ts";
import type { SignedPost } from "./signed-post.ts";
import type { WebhookDelivery } from "./webhook-delivery.ts";
import { webhookKey } from "./webhook-key.ts";

export interface WebhookOutboxOptions extends Pick<OutboxOptions, "fetch" | "delivered"> {
  /** What the keys of the signatures are derived from; without it no webhook is taken. */
  readonly secret: string | undefined;
  /** Whose tasks these are; nobody's in an object that never had any. */
  readonly principal: () => string | undefined;
  readonly task: (id: string) => Promise<TaskView | undefined>;
}

/** Reports outcomes by signed webhooks (standardwebhooks.com), to the address that each call named. */
export class WebhookOutbox {
  readonly #options: WebhookOutboxOptions;
  readonly #outbox: Outbox;
  /** Derived with the first delivery: the object's principal never changes. */
  #key: Promise<Uint8Array<ArrayBuffer>> | undefined;

  constructor(sql: SqlStorage, options: WebhookOutboxOptions) {
    const { fetch, delivered } = options;
    this.#options = options;
    this.#outbox = new Outbox(sql, "webhook", { fetch, delivered, post: (id, url) => this.#post(id, url) });
  }

  /** To be called before the call is made. */
  order(id: string, url: string): void {
    this.#outbox.put(id, url, null);
  }

  /** The call was not made after all, or its task is deleted. */
  withdraw(id: string): void {
    this.#outbox.forget(id);
  }

  /** The task has its outcome: whether there is something to deliver. */
  settled(id: string, now: number): boolean {
    return this.#outbox.release(id, now);
  }

  /** What waits, and the last attempts: the newest first. */
  deliveries(): readonly WebhookDelivery[] {
    return this.#outbox.deliveries().map((delivery) => ({ ...delivery, kind: "task" }));
  }

  /** Has a message sent that waits, or one of the last attempts once more. Returns whether there is such a one. */
  again(id: string, now: number): boolean {
    return this.#outbox.again(id, now);
  }

  /** When the next delivery is due, in ms since 1970, or Infinity. */
  nextDue(): number {
    return this.#outbox.nextDue();
  }

  /** Delivers some of what is due, all at once. What is left is still due. */
  deliver(now: number): Promise<void> {
    return this.#outbox.deliver(now);
  }

  async #post(id: string, url: string): Promise<SignedPost | undefined> {
    const task = await this.#options.task(id);
    // Forgotten meanwhile: nobody wants to know.
    if (!task) return undefined;
    const principal = this.#options.principal() ?? "";
    const timestamp = new Date().toISOString();
    const body = JSON.stringify({ type: "task.settled", timestamp, principal, data: task });
    this.#key ??= webhookKey(this.#options.secret ?? "", principal);
    return { url, id, body, keys: [await this.#key] };
  }
}
