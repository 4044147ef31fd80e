import { base64url } from "../http/base64.ts";
import { sha256 } from "../http/digest.ts";
import type { SubscriptionKeys } from "./message-encryption.ts";
import type { TaskNotice } from "./task-notice.ts";

/** How many subscriptions a principal may have: one for each browser and app. */
const MOST_SUBSCRIPTIONS = 20;

/** What a browser's page asks for. */
export interface NewPushSubscription {
  /** The push service's address for the browser. Who knows it can try to send messages: it is shown to nobody. */
  readonly endpoint: string;
  readonly keys: SubscriptionKeys;
  /** When the push service ends it, in ms since 1970. */
  readonly expirationTime?: number;
  /** The page of a task, with `{task}` in the place of its id. */
  readonly open: string;
  /** Only tasks that name this addressee. All tasks without it. */
  readonly addressee?: string;
  /** The person allows that messages show parts of results, failures and questions. */
  readonly details: boolean;
  /** A `mailto:` or `https:` address of the worker's operator, for the push service. */
  readonly contact?: string;
}

/** A subscription as callers of the API see it. Times are in ms since 1970. */
export interface PushListing {
  readonly id: string;
  /** The host of the push service. */
  readonly service: string;
  readonly createdAt: number;
  readonly addressee?: string;
  readonly details: boolean;
}

export interface PushSubscriptionRecord extends NewPushSubscription {
  readonly id: string;
  readonly createdAt: number;
  /** When its page last subscribed. */
  readonly confirmedAt: number;
}

/** What the groups of a principal hand over: nothing, names alone, or details too. */
export type PushDemand = "none" | "names" | "details";

/** The push subscriptions of one principal, at most {@link MOST_SUBSCRIPTIONS}. */
export class PushSubscriptions {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  /** The newest first. */
  list(): readonly PushListing[] {
    return this.all()
      .sort((a, b) => b.createdAt - a.createdAt)
      .map(listingOf);
  }

  all(): PushSubscriptionRecord[] {
    return [...this.#kv.list<PushSubscriptionRecord>({ prefix: keyOf("") })].map(([, record]) => record);
  }

  /** Subscribes a browser, or changes its subscription. One too many replaces the one that was confirmed longest ago. */
  async put(subscription: NewPushSubscription, now: number): Promise<PushListing> {
    const id = await idOf(subscription.endpoint);
    const { createdAt } = this.#kv.get<PushSubscriptionRecord>(keyOf(id)) ?? { createdAt: now };
    const others = this.all()
      .filter((other) => other.id !== id)
      .sort((a, b) => b.confirmedAt - a.confirmedAt);
    for (const other of others.slice(MOST_SUBSCRIPTIONS - 1)) this.remove(other.id);
    const record = { ...subscription, id, createdAt, confirmedAt: now };
    this.#kv.put(keyOf(id), record);
    return listingOf(record);
  }

  get(id: string, now: number): PushSubscriptionRecord | undefined {
    const record = this.#kv.get<PushSubscriptionRecord>(keyOf(id));
    if (record?.expirationTime === undefined || record.expirationTime > now) return record;
    this.remove(id);
    return undefined;
  }

  /** To remove what is not there does nothing. */
  remove(id: string): void {
    this.#kv.delete(keyOf(id));
  }

  demand(): PushDemand {
    const all = this.all();
    if (all.length === 0) return "none";
    return all.some(({ details }) => details) ? "details" : "names";
  }
}

/** Whether a message about this is meant for the subscription. */
export function isMeantFor({ addressee }: PushSubscriptionRecord, { addressees }: TaskNotice): boolean {
  return addressee === undefined || addressees.includes(addressee);
}

/** The same browser has the same id, which says nothing of its address. */
async function idOf(endpoint: string): Promise<string> {
  return base64url((await sha256(endpoint)).slice(0, 16));
}

function listingOf({ id, endpoint, createdAt, addressee, details }: PushSubscriptionRecord): PushListing {
  const { host } = new URL(endpoint);
  return { id, service: host, createdAt, details, ...(addressee !== undefined && { addressee }) };
}

function keyOf(id: string): string {
  return `push-subscription:${id}`;
}
