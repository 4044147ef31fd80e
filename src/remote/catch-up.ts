import type { TaskJson } from "../task-json.ts";
import { gone, type TaskBook } from "./task-book.ts";

/** What can be asked of whoever runs the tasks. Rejects when it refuses, or when the client is closed. */
export interface TaskSource {
  /** Without their results. @param attempts How often it is tried, where trying may fail. */
  tasks(which: "all" | "unfinished", attempts: number): Promise<readonly TaskJson[]>;
  /** With its result; `undefined` if there is none. */
  task(id: string, attempts: number): Promise<TaskJson | undefined>;
}

/**
 * Learns what happened while no stream was open. Whatever the faults on the way, it goes on until it
 * has; refused, it is made up for when the stream next opens.
 */
export class CatchUp {
  readonly #source: TaskSource;
  readonly #book: TaskBook;
  /** Whether it has ever been done: before, nobody was promised news of tasks without a handle here. */
  #begun = false;
  #behind = false;
  #running = false;

  constructor(source: TaskSource, book: TaskBook) {
    this.#source = source;
    this.#book = book;
  }

  /** The stream is open. @param resumed Nothing was missed since it was open last. */
  ready(resumed: boolean): void {
    if (!resumed) this.#behind = true;
    if (!this.#behind || this.#running) return;
    this.#running = true;
    void this.#run().finally(() => {
      this.#running = false;
    });
  }

  async #run(): Promise<void> {
    while (this.#behind) {
      this.#behind = false;
      try {
        await this.#once();
      } catch {
        // Refused, or the client was closed.
        this.#behind = true;
        return;
      }
    }
  }

  async #once(): Promise<void> {
    const known = this.#book.unfinished;
    const listed = await this.#source.tasks(this.#begun ? "all" : "unfinished", Number.POSITIVE_INFINITY);
    for (const task of listed) {
      if (this.#begun || this.#book.has(task.id)) this.#book.hear(task);
    }
    const present = new Set(listed.map(({ id }) => id));
    // All at once: the worker may be unable to read the tasks of one endpoint for long.
    await Promise.all(
      known
        .filter(({ id }) => !present.has(id))
        .map(async (task) =>
          this.#book.hear((await this.#source.task(task.id, Number.POSITIVE_INFINITY)) ?? gone(task)),
        ),
    );
    this.#begun = true;
  }
}
