/** How many subscriptions a principal may have. */
export const MAX_SUBSCRIPTIONS = 50;
/** For how long the secret before the last one still signs, in ms (MCP Events, "Secret rotation"). */
const ROTATION_MS = 600_000;
/** How far a replay goes back at most, in ms: as long as settled tasks are retained. */
const MAX_REPLAY_MS = 7 * 86_400_000;
/** What another object's clock may differ by, and a write may take, in ms: a cursor lies so far before the moment it stands for. */
const CLOCK_SLACK_MS = 5_000;

const PREFIX = "event-subscription:";

/** Which events are delivered: those of all tasks without a filter. */
export interface EventFilter {
  readonly endpoint?: string;
  readonly tool?: string;
  readonly taskId?: string;
}

/** What a client subscribes to, and where it wants the events. */
export interface EventAsk {
  /** Derived from the principal, the callback, the event's name and the arguments (MCP Events, "Subscription Identity"). */
  readonly id: string;
  readonly name: string;
  readonly filter: EventFilter;
  readonly url: string;
  /** `whsec_` and the Base64 of the key. The client chose it. */
  readonly secret: string;
  /** The lifetime that is granted, in ms. */
  readonly ttlMs: number;
  /** Where a subscription that has lapsed goes on; undefined for one that begins now. */
  readonly cursor?: string;
  /** No older events are replayed, in ms. */
  readonly maxAgeMs?: number;
}

export interface EventSubscription extends Pick<EventAsk, "id" | "name" | "filter" | "url"> {
  /** The secrets that sign: the last one, and while it is rotated the one before. */
  readonly secrets: readonly string[];
  /** When the secret before the last one stops signing, in ms since 1970. */
  readonly rotatedUntil: number;
  /** Every event up to then has been delivered or given up, in ms since 1970. */
  readonly cursor: number;
  /** When it ends unless it is renewed, in ms since 1970. */
  readonly until: number;
}

export interface SubscriptionAdmission {
  readonly hasRoom: boolean;
  /** The callback has echoed a challenge for a subscription of the principal that has not ended. */
  readonly isVerified: boolean;
}

/** A subscription as it was renewed, and what of the past it starts with. */
export interface Renewed {
  readonly subscription: EventSubscription;
  readonly isNew: boolean;
  /** Deliver the events since then, in ms since 1970; undefined for none of them. */
  readonly replayFrom: number | undefined;
  /** The replay begins after the client's cursor. */
  readonly truncated: boolean;
}

/** The event subscriptions of a principal: at most {@link MAX_SUBSCRIPTIONS}. Those that have expired do not count. */
export class EventSubscriptions {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  admit(id: string, url: string, now: number): SubscriptionAdmission {
    const active = this.#active(now);
    return {
      hasRoom: active.length < MAX_SUBSCRIPTIONS || active.some((known) => known.id === id),
      isVerified: active.some((known) => known.url === url),
    };
  }

  /**
   * Stores a subscription, or renews it. Returns undefined beyond the limit. A cursor counts only for one that is not active: an
   * active one has missed nothing.
   */
  renew(
    { id, name, filter, url, secret, ttlMs, cursor, maxAgeMs }: EventAsk,
    now: number,
  ): Renewed | undefined {
    const { hasRoom } = this.admit(id, url, now);
    if (!hasRoom) return undefined;
    const known = this.#active(now).find((active) => active.id === id);
    const asked = cursor === undefined ? undefined : positionOf(cursor);
    const floor = now - Math.min(maxAgeMs ?? MAX_REPLAY_MS, MAX_REPLAY_MS);
    const replayFrom = known || asked === undefined ? undefined : Math.min(Math.max(asked, floor), now);
    const rotated = known && known.secrets[0] !== secret ? known.secrets[0] : undefined;
    const subscription: EventSubscription = {
      ...{ id, name, filter, url },
      secrets: rotated === undefined ? [secret, ...(known?.secrets.slice(1) ?? [])] : [secret, rotated],
      rotatedUntil: rotated === undefined ? (known?.rotatedUntil ?? 0) : now + ROTATION_MS,
      cursor: known?.cursor ?? replayFrom ?? now - CLOCK_SLACK_MS,
      until: now + ttlMs,
    };
    this.#kv.put(PREFIX + id, subscription);
    const truncated = !known && cursor !== undefined && (asked === undefined || asked < floor);
    return { subscription, isNew: !known, replayFrom, truncated };
  }

  /** Nothing that happened before waits to be delivered: returns the cursor that says so. */
  caughtUp({ id, cursor }: EventSubscription, since: number): number {
    const known = this.#kv.get<EventSubscription>(PREFIX + id);
    const position = Math.max(cursor, since - CLOCK_SLACK_MS);
    if (known && known.cursor < position) this.#kv.put(PREFIX + id, { ...known, cursor: position });
    return position;
  }

  /** Returns whether there was such a subscription. */
  remove(id: string, now: number): boolean {
    const wasActive = this.#active(now).some((known) => known.id === id);
    this.#kv.delete(PREFIX + id);
    return wasActive;
  }

  /** All of them. */
  all(now: number): readonly EventSubscription[] {
    return this.#active(now);
  }

  /** Those that cover tasks of an endpoint. */
  of(endpoint: string, now: number): readonly EventSubscription[] {
    return this.#active(now).filter(({ filter }) => (filter.endpoint ?? endpoint) === endpoint);
  }

  #active(now: number): readonly EventSubscription[] {
    const stored = [...this.#kv.list<EventSubscription>({ prefix: PREFIX })];
    return stored.flatMap(([key, subscription]) => {
      if (subscription.until > now) return [subscription];
      this.#kv.delete(key);
      return [];
    });
  }
}

/** Opaque to clients: the moment up to which they have everything. */
export function cursorOf(position: number): string {
  return String(position);
}

function positionOf(cursor: string): number | undefined {
  return /^\d{1,15}$/.test(cursor) ? Number(cursor) : undefined;
}
