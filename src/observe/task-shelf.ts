import type { Task } from "../task.ts";
import type { TaskView } from "../task-view.ts";

interface Entry {
  readonly task: Task;
  readonly view: TaskView;
}

/** The last view of each task, the earliest first. A view is the same object until its task changes, and so is the list. */
export class TaskShelf {
  readonly #entries: Map<string, Entry> = new Map();
  #views: TaskView[] = [];
  /** The list was read: the next change is made to a copy. Without it each change of one task would build the list of all anew. */
  #isRead = false;
  #isOrdered = true;

  get all(): readonly TaskView[] {
    // Once after many were put: 10,000 sorts of a list take seconds.
    if (!this.#isOrdered) this.#views.sort((a, b) => a.createdAt - b.createdAt);
    this.#isOrdered = this.#isRead = true;
    return this.#views;
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
    this.#entries.set(id, { task, view });
    const views = this.#unread();
    if (known) views[views.lastIndexOf(known)] = view;
    else if (views.push(view) > 1) this.#isOrdered &&= view.createdAt >= (views.at(-2)?.createdAt ?? 0);
    return true;
  }

  /** Returns true when the task was there. */
  remove(id: string): boolean {
    const view = this.get(id);
    if (!view) return false;
    this.#entries.delete(id);
    const views = this.#unread();
    views.splice(views.lastIndexOf(view), 1);
    return true;
  }

  /** The handles, in no particular order. */
  get handles(): readonly Task[] {
    return [...this.#entries.values()].map(({ task }) => task);
  }

  /** Nobody has this list yet. */
  #unread(): TaskView[] {
    if (this.#isRead) this.#views = [...this.#views];
    this.#isRead = false;
    return this.#views;
  }
}
