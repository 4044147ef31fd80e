import type { Outcome, TaskView } from "holdfast";
import { cursorOf, type EventSubscription } from "../directory/event-subscriptions.ts";
import type { EventBacklog, EventReplay } from "../directory/principal-directory-rpc.ts";
import { Outbox, type OutboxOptions } from "./outbox.ts";
import type { SignedPost } from "./signed-post.ts";
import type { ListQuery } from "./task-group-rpc.ts";
import type { WebhookDelivery } from "./webhook-delivery.ts";
import { secretKey } from "./webhook-key.ts";

/** How many deliveries to one subscription wait in a group. Beyond it events are skipped, and a `gap` says so. */
const MAX_BACKLOG = 1_000;
/** How long the subscriptions are remembered, in ms. The directory announces changes; one that did not arrive counts by then. */
const REMEMBERED_MS = 30_000;
/** When the directory is asked again that could not be asked, in ms. */
const RETRY_MS = 5_000;
/** How many events are given to their subscriptions together. */
const AT_ONCE = 1_000;
/** A page of tasks that is looked through for a replay. */
const PAGE = 100;
/** How many settled tasks a group retains: of as many, earlier ones may have been deleted. */
const RETAINED = 1_000;
/** A plain call that took less was answered to its caller, in ms: a replay leaves it out. */
const LONG_CALL_MS = 10_000;
/** How many questions of a task are remembered, and how much of their keys, in characters. */
const MOST_KEYS = 64;
const KEY_LENGTH = 256;

/** Stands for all subscriptions, until the directory has named them. */
const ALL = "*";
const GAP = "gap";

const ENDS = {
  completed: "completed",
  failed: "failed",
  cancelled: "cancelled",
  expired: "failed",
  lost: "failed",
} as const satisfies Record<Outcome["kind"], string>;

/** The questions of a task that were announced. */
interface Asked {
  /** How often the task has asked. */
  readonly times: number;
  readonly keys: readonly string[];
  readonly at: number;
}

/** What happened to a task. */
interface TaskEvent {
  /** The `eventId`: `<task>.<type>`, and of questions which time it was. */
  readonly id: string;
  readonly at: number;
}

const EVENT_ID = /^(.*)\.(completed|failed|cancelled|input_required)(?:\.\d+)?$/;

export interface TaskEventsOptions extends Pick<OutboxOptions, "fetch"> {
  readonly delivered: (
    event: string,
    subscription: string,
    result: Parameters<OutboxOptions["delivered"]>[1],
  ) => void;
  /** The principal's subscriptions to this group's tasks that have not expired. */
  readonly subscriptions: () => Promise<readonly EventSubscription[]>;
  /** A task without what is long in it. */
  readonly task: (id: string) => TaskView | undefined;
}

/**
 * The events of a group's tasks, for webhook subscriptions (MCP Events, SEP-3415). An event is a row of the outbox from the write
 * of the change that it is, so that no eviction loses it: first one row for all subscriptions, then one for each.
 */
export class TaskEvents {
  readonly #kv: SyncKvStorage;
  readonly #options: TaskEventsOptions;
  readonly #outbox: Outbox;
  /** Whether anybody subscribed; undefined until the directory was asked. */
  #isWanted: boolean | undefined;
  #asked: Map<string, Asked> | undefined;
  /** Raised by each change of the subscriptions: an answer from before it is not remembered. */
  #version = 0;
  #known: { readonly subscriptions: readonly EventSubscription[]; readonly until: number } | undefined;

  constructor({ kv, sql }: Pick<DurableObjectStorage, "kv" | "sql">, options: TaskEventsOptions) {
    const { fetch, delivered } = options;
    this.#kv = kv;
    this.#options = options;
    this.#outbox = new Outbox(sql, "event_delivery", {
      fetch,
      post: (row) => this.#post(row),
      delivered: (row, result) => {
        const [subscription = "", event = ""] = row.split(" ");
        delivered(event, subscription, result);
      },
    });
    this.#isWanted = kv.get<boolean>("events-wanted");
  }

  /** The subscriptions have changed. Returns what waits to be delivered to one of them. */
  changed(id: string): EventBacklog {
    this.#version += 1;
    this.#known = undefined;
    this.#setWanted(true);
    return {
      waits: [id, ALL].some((subscription) => this.#outbox.count(`${subscription} `) > 0),
      truncated: this.#outbox.count(`${id} ${GAP}.`) > 0,
    };
  }

  /**
   * Has the events since a moment delivered once more, for a subscription that had lapsed. Returns whether earlier ones may be gone
   * with their tasks.
   */
  replay(
    { subscription, from }: EventReplay,
    page: (query: ListQuery) => { readonly tasks: readonly TaskView[] },
    now: number,
  ): boolean {
    const events: TaskEvent[] = [];
    let settled = 0;
    let isComplete = false;
    let before: string | undefined;
    do {
      const { tasks } = page({ limit: PAGE, ...(before !== undefined && { before }) });
      for (const task of tasks) {
        const { event } = this.#occurrence(task, now);
        if (task.outcome) settled += 1;
        if (event && event.at <= from) isComplete = true;
        else if (event && isReplayed(task) && covers(subscription, event, task)) events.push(event);
      }
      before = tasks.at(-1)?.id;
    } while (before !== undefined);
    this.#put(subscription, events, now);
    return settled >= RETAINED && !isComplete;
  }

  /** Stores the event that a change of a task is, if it is one that may be wanted. Returns whether there is something to deliver. */
  note(task: TaskView, now: number): boolean {
    if (this.#isWanted === false) return false;
    const { event, isNews } = this.#occurrence(task, now);
    if (!event || !isNews) return false;
    this.#outbox.put(`${ALL} ${event.id} ${event.at}`, "", now);
    return true;
  }

  /** The task is deleted. */
  forget(id: string): void {
    if (this.#askedOf(id)) this.#setAsked(id, undefined);
  }

  /** What waits, and the last attempts: the newest first. */
  deliveries(): readonly WebhookDelivery[] {
    return this.#outbox.deliveries(`${ALL} `).map((delivery) => ({ ...delivery, kind: "event" }));
  }

  /** Has a message sent that waits, or one of the last attempts once more. Returns whether there is such a one. */
  again(row: string, now: number): boolean {
    return this.#outbox.again(row, now);
  }

  /** When the next delivery is due, in ms since 1970, or Infinity. */
  nextDue(): number {
    return this.#outbox.nextDue();
  }

  /** Delivers some of what is due, all at once. What is left is still due. */
  deliver(now: number): Promise<void> {
    return this.#outbox.deliver(now);
  }

  #post(row: string): Promise<SignedPost | undefined> {
    const [subscription = ""] = row.split(" ");
    return subscription === ALL ? this.#fanOut() : this.#message(subscription, eventIn(row));
  }

  /** Puts each event into the outbox of its subscriptions, with one request to the directory for all of them. */
  async #fanOut(): Promise<undefined> {
    let subscriptions: readonly EventSubscription[];
    try {
      subscriptions = await this.#subscriptions();
    } catch (error) {
      this.#outbox.postpone(`${ALL} `, Date.now() + RETRY_MS);
      throw error;
    }
    const rows = this.#outbox.ids(`${ALL} `, AT_ONCE);
    const happened = (subscriptions.length > 0 ? rows : []).flatMap((row) => {
      const event = eventIn(row);
      const task = this.#options.task(taskOf(event));
      return task ? [{ event, task }] : [];
    });
    for (const subscription of subscriptions) {
      const events = happened.filter(({ event, task }) => covers(subscription, event, task));
      this.#put(
        subscription,
        events.map(({ event }) => event),
        Date.now(),
      );
    }
    for (const row of rows) this.#outbox.withdraw(row);
    return undefined;
  }

  #put({ id, url }: EventSubscription, events: readonly TaskEvent[], now: number): void {
    const room = Math.max(0, MAX_BACKLOG - this.#outbox.count(`${id} `));
    const put = (event: string, at: number): void => this.#outbox.put(`${id} ${event} ${at}`, url, now);
    for (const event of events.slice(0, room)) put(event.id, event.at);
    const skipped = events[room];
    if (skipped && this.#outbox.count(`${id} ${GAP}.`) === 0) put(`${GAP}.${skipped.id}`, skipped.at);
  }

  async #message(subscription: string, event: TaskEvent): Promise<SignedPost | undefined> {
    const found = (await this.#subscriptions()).find(({ id }) => id === subscription);
    if (!found) return undefined;
    if (event.id.startsWith(`${GAP}.`)) {
      // Non-event webhook bodies: the events after the cursor that did not fit are in the lists of tasks.
      const body = { type: GAP, cursor: cursorOf(event.at) };
      return postTo(found, `msg_${event.id}`, body);
    }
    const task = this.#options.task(taskOf(event));
    // A question that was answered meanwhile needs nobody.
    const name = nameOf(event);
    if (!task || (name === "task.input_required" && task.status !== "input_required")) return undefined;
    const { id: taskId, endpoint, tool, status, createdAt } = task;
    return postTo(found, event.id, {
      eventId: event.id,
      name,
      timestamp: new Date(event.at).toISOString(),
      data: { taskId, endpoint, tool, status, createdAt: new Date(createdAt).toISOString() },
      cursor: cursorOf(found.cursor),
    });
  }

  async #subscriptions(): Promise<readonly EventSubscription[]> {
    const now = Date.now();
    if (this.#known && now < this.#known.until)
      return this.#known.subscriptions.filter(({ until }) => until > now);
    const version = this.#version;
    const subscriptions = await this.#options.subscriptions();
    // What came meanwhile may not be among them.
    if (version !== this.#version) return this.#subscriptions();
    this.#known = { subscriptions, until: now + REMEMBERED_MS };
    this.#setWanted(subscriptions.length > 0);
    return subscriptions;
  }

  /** The event that a task stands at. Remembers what it asks, so that a question is one event whatever else changes. */
  #occurrence(
    { id, status, outcome, settledAt, inputRequests }: TaskView,
    now: number,
  ): { readonly event?: TaskEvent; readonly isNews: boolean } {
    if (outcome) {
      this.forget(id);
      return { event: { id: `${id}.${ENDS[outcome.kind]}`, at: settledAt ?? now }, isNews: true };
    }
    const asking = status === "input_required" ? inputRequests.slice(0, MOST_KEYS) : [];
    const keys = asking.map(({ key }) => key.slice(0, KEY_LENGTH));
    const before = this.#askedOf(id) ?? { times: 0, keys: [], at: now };
    const isNews = keys.some((key) => !before.keys.includes(key));
    const asked = isNews ? { times: before.times + 1, keys, at: now } : { ...before, keys };
    if (isNews || keys.length !== before.keys.length) this.#setAsked(id, asked);
    if (keys.length === 0) return { isNews };
    return { event: { id: `${id}.input_required.${asked.times}`, at: asked.at }, isNews };
  }

  #askedOf(id: string): Asked | undefined {
    this.#asked ??= new Map(
      [...this.#kv.list<Asked>({ prefix: "asked:" })].map(([key, asked]) => [
        key.slice("asked:".length),
        asked,
      ]),
    );
    return this.#asked.get(id);
  }

  #setAsked(id: string, asked: Asked | undefined): void {
    if (asked) {
      this.#asked?.set(id, asked);
      this.#kv.put(`asked:${id}`, asked);
    } else {
      this.#asked?.delete(id);
      this.#kv.delete(`asked:${id}`);
    }
  }

  #setWanted(isWanted: boolean): void {
    if (this.#isWanted === isWanted) return;
    this.#isWanted = isWanted;
    this.#kv.put("events-wanted", isWanted);
  }
}

function covers({ name, filter }: EventSubscription, event: TaskEvent, task: TaskView): boolean {
  return (
    name === nameOf(event) &&
    (filter.tool ?? task.tool) === task.tool &&
    (filter.taskId ?? task.id) === task.id &&
    (filter.endpoint ?? task.endpoint) === task.endpoint
  );
}

function isReplayed({ taskId, createdAt, settledAt = createdAt }: TaskView): boolean {
  return taskId !== undefined || settledAt - createdAt >= LONG_CALL_MS;
}

/** The event of a row: `<subscription> <event> <time>`. */
function eventIn(row: string): TaskEvent {
  const [, id = "", at] = row.split(" ");
  return { id, at: Number(at) };
}

function nameOf({ id }: TaskEvent): string {
  return `task.${EVENT_ID.exec(id)?.[2]}`;
}

function taskOf({ id }: TaskEvent): string {
  return EVENT_ID.exec(id)?.[1] ?? "";
}

function postTo(
  { id, url, secrets, rotatedUntil }: EventSubscription,
  message: string,
  body: object,
): SignedPost {
  const signing = Date.now() < rotatedUntil ? secrets : secrets.slice(0, 1);
  return {
    url,
    id: message,
    body: JSON.stringify(body),
    keys: signing.map(secretKey),
    headers: { "x-mcp-subscription-id": id },
  };
}
