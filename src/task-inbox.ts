import type { InputRequest } from "./protocol/input-request.ts";
import type { Task } from "./task.ts";

/** The end of a task, or one of its questions, that an addressee has not acknowledged. */
export interface Delivery {
  /** The same whenever this end or question is delivered: a receiver that remembers it takes it once. */
  readonly id: string;
  readonly addressee: string;
  /** It has ended, unless there is a question. */
  readonly task: Task;
  readonly question?: InputRequest;
  /** Names this attempt to deliver. */
  readonly receipt: string;
  /** Of a query without `leaseMs`: somebody delivers it. For how long that lease lasts yet, in ms. */
  readonly leasedForMs?: number;
}

/** What {@link TaskInbox.acknowledge} needs of a delivery: plain data, which may be kept over a reload. */
export interface DeliveryReceipt extends Pick<Delivery, "addressee" | "receipt"> {
  readonly task: { readonly id: string };
  readonly question?: { readonly key: string };
}

export interface UndeliveredQuery {
  readonly addressee: string;
  /**
   * Leases what is returned, for so many ms: until then no other call with `leaseMs` returns it, in whatever process. By default
   * nothing is leased, and what others have leased is returned too.
   */
  readonly leaseMs?: number | undefined;
  /**
   * Only of the task with this id. Its end is leased even before it comes: a call that waits for the task returns the end itself.
   * While another receipt holds that lease, a call with `leaseMs` returns none of the task's questions either.
   */
  readonly task?: string | undefined;
  /** Becomes the deliveries' `receipt`: asked again under the same one, their own lease does not hide them. By default a random id. */
  readonly receipt?: string | undefined;
}

/** What tasks have to deliver, wherever they run: `RemoteTaskClient` and `ExtensionTaskClient` have it, and `inboxOf` makes that of a `TaskClient`. */
export interface TaskInbox {
  /**
   * Adds an addressee of a task's end and of its questions, as option `notify` of the call does. Resolves when that is durable,
   * also for a task that has ended. Throws a TypeError for a name that is empty or too long, and for more than 16 of them. Rejects
   * for a task that is not stored: it was deleted, or is a plain call that ends with its page.
   * @param task A task, or its `{ id }`.
   */
  notify(task: Pick<Task, "id">, addressee: string): Promise<void>;
  /**
   * Returns what the addressee has not acknowledged, by the age of the tasks, 100 at most. An end stays until it is acknowledged or its task
   * is deleted, at the latest when retention ends; a question, until it is acknowledged or no longer open.
   *
   * To deliver at least once: lease, deliver, then {@link acknowledge}. If the process dies in between, the lease ends and another
   * process delivers it again, under the same {@link Delivery.id}. To deliver at most once: acknowledge, and deliver if that
   * resolves with true. `subscribe` of the client says when to ask again.
   */
  undelivered(query: UndeliveredQuery): Promise<readonly Delivery[]>;
  /**
   * Acknowledges a delivery. Resolves when that is durable: with true for the first delivery of this end or question that is
   * acknowledged, however often, and with false for any other, and for a task that was deleted.
   */
  acknowledge(delivery: DeliveryReceipt): Promise<boolean>;
}
