import { RecentSet } from "../recent-set.ts";
import type { Task } from "../task.ts";

/** How many ended calls are kept that are in no store. */
const MOST_ENDED = 50;
/** How many ids are remembered. */
const MOST_STARTED = 10_000;

/**
 * The tasks that one set of tools started in this process. A plain call is in
 * no store once it has ended: only its handle has the result.
 */
export class HeldTasks {
  readonly #ids: Set<string> = new RecentSet(MOST_STARTED);
  readonly #tasks: Map<string, Task> = new Map();

  /** Whether this set started it, as far back as is remembered. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  get(id: string): Task | undefined {
    return this.#tasks.get(id);
  }

  all(): readonly Task[] {
    return [...this.#tasks.values()];
  }

  hold(task: Task): void {
    this.#ids.add(task.id);
    this.#tasks.set(task.id, task);
    this.#tidy();
  }

  /** The model has the result and does not ask for it again. */
  release(task: Task): void {
    this.#tasks.delete(task.id);
  }

  #tidy(): void {
    const ended = this.all().filter(({ view: { outcome } }) => outcome);
    // What was a task is in the client's store.
    const stored = ended.filter(({ view: { taskId } }) => taskId !== undefined);
    const plain = ended.filter(({ view: { taskId } }) => taskId === undefined);
    for (const { id } of [...stored, ...plain.slice(0, -MOST_ENDED)]) this.#tasks.delete(id);
  }
}
