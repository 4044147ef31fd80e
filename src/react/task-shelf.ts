import type { Task, TaskUpdate } from "../task.ts";
import { type ShownTask, shownTask } from "./shown-task.ts";

interface Entry {
  readonly update: TaskUpdate;
  readonly shown: ShownTask;
}

/** Tasks as they were last seen, the earliest first. Each is the same object until it changes, and so is the list. */
export class TaskShelf {
  #entries: Map<string, Entry> = new Map();
  #all: readonly ShownTask[] | undefined;

  get all(): readonly ShownTask[] {
    this.#all ??= [...this.#entries.values()].map(({ shown }) => shown);
    return this.#all;
  }

  get(id: string): ShownTask | undefined {
    return this.#entries.get(id)?.shown;
  }

  /**
   * Takes a task over as it stands now. True when that is a change.
   * @param told The client told of it by itself: only then can one that has ended begin anew.
   */
  put(task: Task, told: boolean): boolean {
    const { current: update, id } = task;
    const known = this.#entries.get(id);
    if (known?.update === update) return false;
    // A settled task has a new handle each time it is asked for, and what was asked for may be older.
    if (known?.update.outcome && (update.outcome || !told)) return false;
    const last = known ? undefined : this.all.at(-1);
    this.#entries.set(id, { update, shown: shownTask(task, update) });
    this.#all = undefined;
    if (last && last.createdAt > task.createdAt) this.#sort();
    return true;
  }

  /** True when it was there. */
  remove(id: string): boolean {
    const removed = this.#entries.delete(id);
    if (removed) this.#all = undefined;
    return removed;
  }

  #sort(): void {
    const sorted = [...this.#entries].sort(([, a], [, b]) => a.shown.createdAt - b.shown.createdAt);
    this.#entries = new Map(sorted);
  }
}
