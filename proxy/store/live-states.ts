import type { Task } from "../../src/task.ts";
import type { TaskFile } from "./task-file.ts";

/** How often a task's progress is written at most, in ms: each write is on the disk when it returns. */
const PACE_MS = 2_000;

/** Writes the state of running tasks that no record has (progress, failing requests, next poll) for other processes. */
export class LiveStates {
  readonly #file: TaskFile;
  readonly #waiting: Map<string, Task> = new Map();
  readonly #written: Set<string> = new Set();
  #timer: NodeJS.Timeout | undefined;

  constructor(file: TaskFile) {
    this.#file = file;
  }

  changed(task: Task): void {
    if (task.view.outcome) return this.forgotten(task.id);
    if (!task.view.progress && !task.view.retry && !this.#written.has(task.id)) return;
    this.#waiting.set(task.id, task);
    this.#timer ??= setTimeout(() => this.#write(), PACE_MS).unref();
  }

  forgotten(id: string): void {
    this.#waiting.delete(id);
    if (this.#written.delete(id)) this.#file.setLive(id, undefined);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #write(): void {
    this.#timer = undefined;
    for (const [id, { latest }] of this.#waiting) {
      const { progress, retry, nextPollAt } = latest;
      this.#file.setLive(id, { progress, retry, nextPollAt });
      this.#written.add(id);
    }
    this.#waiting.clear();
  }
}
