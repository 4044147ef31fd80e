import { isCall, type TaskRecord } from "../engine/record.ts";
import type { Effects, TaskEvent } from "../engine/state.ts";
import type { TaskStore } from "../store/task-store.ts";
import type { RunningTask, Tenure } from "./task-table.ts";

/** `unstored`: the store failed, and only memory has the change. `superseded`: another process was faster. */
export type WriteResult = "stored" | "unstored" | "superseded";

export interface WriterOptions {
  readonly store: TaskStore;
  /** A call is about to be stored for the first time. Resolves when the other processes of the store can see who makes it. */
  readonly storing: (call: TaskRecord) => Promise<void>;
  /** A call was stored for the first time. */
  readonly stored: (call: TaskRecord) => void;
  /** The store failed; the task goes on in memory. */
  readonly storageFailed: (record: TaskRecord, error: unknown) => void;
}

/** Writes the records of running tasks, those of one task one after the other. */
export class RecordWriter {
  readonly #options: WriterOptions;
  readonly #superseded: (task: RunningTask, tenure: Tenure) => Promise<void>;
  readonly #ended: () => void;
  /** By record id, while they are in flight: the last write of each. */
  readonly #last: Map<string, Promise<WriteResult>> = new Map();

  /**
   * @param superseded Another process moved the task on in this tenure. Resolves when this one goes on from there, or has
   *   released the task.
   * @param ended A write has ended.
   */
  constructor(
    options: WriterOptions,
    superseded: (task: RunningTask, tenure: Tenure) => Promise<void>,
    ended: () => void,
  ) {
    this.#options = options;
    this.#superseded = superseded;
    this.#ended = ended;
  }

  get busy(): boolean {
    return this.#last.size > 0;
  }

  /** The last write of a record, while it is in flight. */
  last(id: string): Promise<WriteResult> | undefined {
    return this.#last.get(id);
  }

  /** Resolves when every write begun so far has ended. */
  async written(): Promise<void> {
    await Promise.all(this.#last.values());
  }

  /** Lets later writes of a record go ahead of those in flight, which another process superseded. */
  restart(id: string): void {
    this.#last.delete(id);
  }

  /** @param events What changed the record; none where it is new. */
  write(
    task: RunningTask,
    record: TaskRecord,
    persist: NonNullable<Effects["persist"]>,
    events: readonly TaskEvent[] = [],
  ): Promise<WriteResult> {
    const { store, storing, stored, storageFailed } = this.#options;
    const { tenure } = task;
    tenure.unsaved.push(...events);
    const put = async (): Promise<WriteResult> => {
      const first = tenure.base === undefined && isCall(record) && persist !== "remove";
      if (first) await storing(record);
      // A state that follows one that another process overtook must not be written over that process's record.
      const saved = !tenure.overtaken && (persist === "remove" || (await store.save(record, tenure.base)));
      if (!saved) {
        await this.#superseded(task, tenure);
        return "superseded";
      }
      const removes = persist === "remove" || persist === "writeThenRemove";
      if (removes) await store.remove(record.id);
      tenure.base = removes ? undefined : record.rev;
      if (first) stored(record);
      return "stored";
    };
    const write = Promise.resolve(this.#last.get(record.id))
      .then(put)
      .catch((error: unknown): WriteResult => {
        storageFailed(record, error);
        return "unstored";
      })
      .finally(() => {
        const last = events.at(-1);
        if (last && !tenure.overtaken) tenure.unsaved.splice(0, tenure.unsaved.indexOf(last) + 1);
      });
    this.#last.set(record.id, write);
    // Before any other callback on this write, so that nothing overtakes what waits for it.
    void write.then(() => {
      if (this.#last.get(record.id) === write) this.#last.delete(record.id);
      this.#ended();
    });
    return write;
  }

  /** Removes the record of a call whose end was published. */
  async remove(record: TaskRecord): Promise<void> {
    const { store, storageFailed } = this.#options;
    await store.remove(record.id).catch((error: unknown) => storageFailed(record, error));
  }
}
