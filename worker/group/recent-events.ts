import type { Task, TaskView } from "holdfast";
import type { DurableTasks, TaskChange } from "holdfast/durable-object";
import { eventText } from "../http/event-stream.ts";

/** How many events are held at most, and how long they are together, in characters. */
const MOST = 1_024;
const LENGTH = 512 * 1024;

export interface RecentEvent {
  /** Of which task. */
  readonly id: string;
  /** Where it stands among the stored changes; absent for progress and deletions, which are not stored. */
  readonly seq?: number;
  /** As Server-Sent Events have it. */
  readonly text: string;
}

/**
 * The latest events of a group, once for all its streams. A stream holds only its place among them: one that is read slowly
 * costs nothing, and falls behind the oldest event.
 */
export class RecentEvents {
  readonly #events: RecentEvent[] = [];
  readonly #waiting: Set<() => void> = new Set();
  readonly #unwatch: () => void;
  #length = 0;
  /** The place of the event after the latest. */
  end = 0;

  constructor(tasks: DurableTasks) {
    const unwatch = tasks.watch(({ seq, task }) =>
      this.#add({ id: task.id, seq, text: changeEvent({ seq, task }) }),
    );
    const unsubscribe = tasks.client.subscribe(
      (task) => this.#progressed(task),
      (id) => this.#add({ id, text: groupEvent("forgotten", { id }) }),
    );
    this.#unwatch = () => {
      unwatch();
      unsubscribe();
    };
  }

  /** The place of the oldest event. */
  get start(): number {
    return this.end - this.#events.length;
  }

  at(place: number): RecentEvent | undefined {
    return this.#events[place - this.start];
  }

  /** Calls back once, at the next event. The function returned ends it. */
  next(listener: () => void): () => void {
    this.#waiting.add(listener);
    return () => this.#waiting.delete(listener);
  }

  close(): void {
    this.#unwatch();
  }

  #progressed({ view: { id, outcome, progress } }: Task): void {
    if (progress && !outcome) this.#add({ id, text: groupEvent("progress", { id, progress }) });
  }

  #add(event: RecentEvent): void {
    this.#events.push(event);
    this.#length += event.text.length;
    this.end += 1;
    while (this.#events.length > MOST || (this.#length > LENGTH && this.#events.length > 1)) {
      this.#length -= this.#events.shift()?.text.length ?? 0;
    }
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const listener of waiting) listener();
  }
}

export function changeEvent({ seq, task }: TaskChange): string {
  return groupEvent("task", task, seq);
}

/** @param seq Where the event stands among the stored changes, if it is one. */
export function groupEvent(type: string, data: TaskView | object, seq?: number): string {
  return eventText({ type, data: JSON.stringify(data), ...(seq !== undefined && { id: String(seq) }) });
}
