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

  get all(): readonly TaskView[] {
    this.#all ??= [...this.#entries.values()].map(({ view }) => view);
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
    const last = known ? undefined : this.all.at(-1);
    this.#entries.set(id, { task, view });
    this.#all = undefined;
    if (last && last.createdAt > view.createdAt) this.#sort();
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

  #sort(): void {
    const sorted = [...this.#entries].sort(([, a], [, b]) => a.view.createdAt - b.view.createdAt);
    this.#entries = new Map(sorted);
  }
}
