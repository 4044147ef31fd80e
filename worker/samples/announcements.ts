import type { TaskRecord } from "./task-record.ts";
import type { TaskTable } from "./task-table.ts";
import { type Moment, timeline } from "./timeline.ts";

/** Called with each change of each task, in order. */
export type Listener = (record: TaskRecord, moment: Moment) => void;

/**
 * Turns the passing of time into changes that can be pushed to open streams. A timer keeps the object in memory, so there is
 * one only while a stream is open; without one nothing has to happen until a task expires, and the alarm sees to that.
 */
export class Announcements {
  readonly #tasks: TaskTable;
  readonly #storage: DurableObjectStorage;
  readonly #listeners: Listener[] = [];
  /** How many moments of a task's timeline are old news. */
  readonly #announced = new Map<string, number>();
  #openStreams = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(tasks: TaskTable, storage: DurableObjectStorage) {
    this.#tasks = tasks;
    this.#storage = storage;
    this.catchUp();
    tasks.onWrite = () => this.catchUp();
  }

  listen(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** Announces changes as they come due, until the function it returns is called. */
  streamOpened(): () => void {
    // A new stream does not receive the changes from before it.
    if (this.#openStreams === 0) this.catchUp();
    this.#openStreams += 1;
    this.catchUp();
    return () => {
      this.#openStreams -= 1;
      if (this.#openStreams === 0) this.#stopTimer();
    };
  }

  catchUp(): void {
    this.#tasks.forgetExpired();
    const now = Date.now();
    let next = Number.POSITIVE_INFINITY;
    let expiry = Number.POSITIVE_INFINITY;
    for (const record of this.#tasks.list()) {
      const moments = timeline(record);
      const due = moments.filter((moment) => moment.at <= now);
      // A creation is not announced: the reply contains it.
      const news = due.slice(this.#announced.get(record.taskId) ?? 1);
      this.#announced.set(record.taskId, due.length);
      if (this.#openStreams > 0) for (const moment of news) this.#announce(record, moment);
      next = Math.min(next, moments[due.length]?.at ?? next);
      expiry = Math.min(expiry, record.createdAt + record.ttl);
    }
    this.#stopTimer();
    if (this.#openStreams > 0 && Number.isFinite(next)) {
      this.#timer = setTimeout(() => this.catchUp(), next - now);
    }
    if (Number.isFinite(expiry)) void this.#storage.setAlarm(expiry + 1);
  }

  #announce(record: TaskRecord, moment: Moment): void {
    for (const listener of this.#listeners) listener(record, moment);
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
