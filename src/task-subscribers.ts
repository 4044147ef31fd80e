import { callListeners } from "./call-listeners.ts";
import type { Task } from "./task.ts";

/** Who learns of the tasks of a client. */
export interface Subscriber {
  readonly changed: (task: Task) => void;
  readonly forgotten: ((id: string) => void) | undefined;
}

/** Adds a subscriber. The function returned removes it. */
export function subscribed(
  subscribers: Set<Subscriber>,
  changed: Subscriber["changed"],
  forgotten: Subscriber["forgotten"],
): () => void {
  const subscriber: Subscriber = { changed, forgotten };
  subscribers.add(subscriber);
  return () => subscribers.delete(subscriber);
}

/** Calls the subscribers for a task that has changed. */
export function publishChange(subscribers: ReadonlySet<Subscriber>, task: Task): void {
  callListeners(
    Array.from(subscribers, ({ changed }) => changed),
    task,
  );
}

/** Calls the subscribers for a task that was deleted. */
export function publishForgotten(subscribers: ReadonlySet<Subscriber>, id: string): void {
  callListeners(
    Array.from(subscribers, ({ forgotten }) => forgotten),
    id,
  );
}
