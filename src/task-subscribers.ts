import type { Task } from "./task.ts";

interface Subscriber {
  readonly changed: (task: Task) => void;
  readonly forgotten: ((id: string) => void) | undefined;
}

/** The subscribers of all tasks of a client. */
export class TaskSubscribers {
  readonly #subscribers: Set<Subscriber> = new Set();

  get size(): number {
    return this.#subscribers.size;
  }

  /** The function returned ends it. */
  add(changed: Subscriber["changed"], forgotten: Subscriber["forgotten"]): () => void {
    const subscriber: Subscriber = { changed, forgotten };
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  notifyChanged(task: Task): void {
    for (const { changed } of [...this.#subscribers]) changed(task);
  }

  notifyForgotten(id: string): void {
    for (const { forgotten } of [...this.#subscribers]) forgotten?.(id);
  }
}
