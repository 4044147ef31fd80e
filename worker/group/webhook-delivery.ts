/** A message to a webhook: what became of it, or when it is sent. */
export interface WebhookDelivery {
  /** Names it in its group. */
  readonly row: string;
  /** `task`: the outcome of a task, to the address that its call named. `event`: an event, to a subscription. */
  readonly kind: WebhookKind;
  readonly url: string;
  readonly attempts: number;
  /** The last attempt, in ms since 1970, and how it ended. Absent before the first. */
  readonly at?: number;
  readonly result?: DeliveryResult;
  /** The HTTP status of the reply; absent without a reply. */
  readonly status?: number;
  /** When it is sent next, in ms since 1970. Absent for what is delivered or given up. */
  readonly dueAt?: number;
}

export type WebhookKind = "task" | "event";

/** `unwanted`: its task was deleted, its question answered, or its subscription has ended. */
export type DeliveryResult = "delivered" | "failed" | "given_up" | "unwanted";

/** A TaskGroup, as far as it sends webhooks. */
export interface WebhookSender {
  /** What waits, and the last attempts: the newest first. */
  webhookDeliveries(): Promise<readonly WebhookDelivery[]>;
  /** Sends a message now: one that waits, or one of the last attempts once more. Resolves with whether there is such a one. */
  sendAgain(kind: WebhookKind, row: string): Promise<boolean>;
}
