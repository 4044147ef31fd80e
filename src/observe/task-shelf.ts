import type { Task } from "../task.ts";
import type { TaskView } from "../task-view.ts";

interface Entry {
  readonly task: Task;
  readonly view: TaskView;
}

/** The last view of each task, the earliest first. A view is the same object until its task changes, and so is the list. */
export class TaskShelf {
  #entries: Map<string, Entry> = new Map();
  #all: readonly TaskView[] | undefined;
  /** When the newest task was created, in ms since 1970. */
  #newest = Number.NEGATIVE_INFINITY;
  /** The entries are in the order of creation, as a client lists them. Sorting at each of 10,000 tasks would take seconds. */
  #isOrdered = true;

  get all(): readonly TaskView[] {
    if (!this.#isOrdered) {
      const byAge = [...this.#entries].sort(([, a], [, b]) => a.view.createdAt - b.view.createdAt);
      this.#entries = new Map(byAge);
      this.#isOrdered = true;
    }
    this.#all ??= Array.from(this.#entries.values(), ({ view }) => view);
    return this.#all;
  }

  get(id: string): TaskView | undefined {
    return this.#entries.get(id)?.view;
  }

  handle(id: string): Task | undefined {
    return this.#entries.get(id)?.task;
  }

  /**
   * Applies the present view of a task. Returns true when that is a change.
   * @param reported The client reported the task by itself: only then can a settled task become active again.
   */
  put(task: Task, reported: boolean): boolean {
    const { view, id } = task;
    const known = this.get(id);
    if (known === view) return false;
    // A settled task has a new handle each time it is asked for, and what was asked for may be older.
    if (known?.outcome && (view.outcome || !reported)) return false;
    if (!known) {
      this.#isOrdered &&= view.createdAt >= this.#newest;
      this.#newest = Math.max(this.#newest, view.createdAt);
    }
    this.#entries.set(id, { task, view });
    this.#all = undefined;
    return true;
  }

  /** Returns true when the task was there. */
  remove(id: string): boolean {
    const removed = this.#entries.delete(id);
    if (removed) this.#all = undefined;
    return removed;
  }

  /** The handles, in no particular order. */
  get handles(): readonly Task[] {
    return [...this.#entries.values()].map(({ task }) => task);
  }
}
