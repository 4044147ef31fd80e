import { type Clock, systemClock } from "../clock.ts";
import { randomId } from "../random-id.ts";
import type { DeliveryNotes } from "../store/task-store.ts";
import type { Task } from "../task.ts";
import type { TaskReader } from "../task-client-api.ts";
import type { Delivery, DeliveryReceipt, TaskInbox, UndeliveredQuery } from "../task-inbox.ts";
import {
  acknowledged,
  type DeliveryItem,
  type DeliveryNote,
  isAddressed,
  leased,
  leaseLeft,
  readNote,
  undelivered,
  withAddressee,
} from "./delivery-note.ts";

/** A client whose store is in this process: a `TaskClient`, that of `DurableTasks` or of `ExtensionTasks`. */
export interface InboxClient extends TaskReader {
  readonly deliveries: DeliveryNotes | undefined;
}

/** After how many deliveries no further task is looked at: the next call returns the others. */
const MOST_DELIVERIES = 100;

/**
 * Returns the inbox of a client: what its tasks have to deliver. A client that has one, such as a `RemoteTaskClient`, is its own.
 * Every method rejects with what the store throws, and with a TypeError if the store has no `deliveries`.
 * @example
 * const inbox = inboxOf(client);
 * for (const delivery of await inbox.undelivered({ addressee: "chat-7", leaseMs: 30_000 })) {
 *   await show(delivery);
 *   await inbox.acknowledge(delivery);
 * }
 */
export function inboxOf(
  client: InboxClient | TaskInbox,
  { clock = systemClock }: { readonly clock?: Clock } = {},
): TaskInbox {
  return "undelivered" in client ? client : new LocalInbox(client, clock);
}

class LocalInbox implements TaskInbox {
  readonly #client: InboxClient;
  readonly #clock: Clock;

  constructor(client: InboxClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async notify({ id }: Pick<Task, "id">, addressee: string): Promise<void> {
    if (await this.#change(id, (note) => withAddressee(note, addressee))) return;
    throw new Error(
      `Task ${id} is not stored: it was deleted, or is a plain call. Name the addressees of a plain call when it starts (notify)`,
    );
  }

  async undelivered({
    addressee: to,
    leaseMs = 0,
    receipt = randomId(),
    task: only,
  }: UndeliveredQuery): Promise<readonly Delivery[]> {
    const one = only === undefined ? undefined : await this.#client.get(only);
    const isOne = one !== undefined && leaseMs > 0;
    const stored = isOne ? [] : await this.#notes.load();
    const notes = new Map(stored.map((value) => readNote(value)).map((note) => [note.id, note]));
    const deliveries: Delivery[] = [];
    for (const task of one ? [one] : only === undefined ? await this.#client.list() : []) {
      if (deliveries.length >= MOST_DELIVERIES) break;
      const { id, view } = task;
      const wanted = (note: DeliveryNote | undefined): readonly DeliveryItem[] => {
        // The end of a task that runs: it is leased, and there is nothing to deliver yet.
        const ahead = isOne && !view.outcome && isAddressed(view, note, to) ? [{ to }] : [];
        return [...ahead, ...undelivered(view, note, to)];
      };
      const noted = notes.get(id);
      let items = wanted(noted);
      if (leaseMs > 0 && (isOne || items.length > 0)) {
        const now = this.#clock.now();
        const held = await this.#change(id, (before) => {
          let note = before;
          items = wanted(before).filter((item) => {
            const next = leased(note, item, receipt, now, leaseMs);
            note = next ?? note;
            return next;
          });
          return note;
        });
        if (!held) continue;
      }
      const left = (item: DeliveryItem): number =>
        leaseMs > 0 ? 0 : leaseLeft(noted, item, this.#clock.now());
      deliveries.push(...items.flatMap((item) => deliveryOf(task, item, receipt, left(item))));
    }
    return deliveries;
  }

  async acknowledge({ addressee: to, receipt, task, question }: DeliveryReceipt): Promise<boolean> {
    let first = false;
    await this.#change(task.id, (note) => {
      const next = acknowledged(note, { to, key: question?.key }, receipt);
      first = next !== undefined;
      return next ?? note;
    });
    return first;
  }

  get #notes(): DeliveryNotes {
    const { deliveries } = this.#client;
    if (!deliveries) throw new TypeError("This client's TaskStore has no inbox: it lacks `deliveries`");
    return deliveries;
  }

  /** Returns false for a task that is not stored. Writes nothing if nothing changes. */
  async #change(id: string, change: (note: DeliveryNote) => DeliveryNote): Promise<boolean> {
    return this.#notes.change(id, (stored) => {
      const note = readNote(stored, id);
      const next = change(note);
      return next === note ? stored : next;
    });
  }
}

/** A question that is over by the time it was leased is not delivered, nor is an end that has yet to come. */
function deliveryOf(
  task: Task,
  { to: addressee, key }: DeliveryItem,
  receipt: string,
  leasedForMs: number,
): Delivery | [] {
  const { id } = task;
  const attempt = { addressee, task, receipt, ...(leasedForMs > 0 && { leasedForMs }) };
  if (key === undefined) return task.view.outcome ? { id, ...attempt } : [];
  const question = task.view.inputRequests.find((request) => request.key === key);
  return question ? { id: `${id}/${key}`, ...attempt, question } : [];
}
