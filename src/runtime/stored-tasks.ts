import type { TaskRecord } from "../engine/record.ts";
import { readRecord } from "../store/read-record.ts";
import type { TaskStore } from "../store/task-store.ts";
import { type Problem, storageProblem } from "./problem.ts";

/** The records of a store. A store that cannot be read is reported, and what runs in memory goes on; so is an unreadable record. */
export class StoredTasks {
  readonly #store: TaskStore;
  readonly #report: (problem: Problem) => void;

  constructor(store: TaskStore, report: (problem: Problem) => void) {
    this.#store = store;
    this.#report = report;
    store.onRestored?.((tasks) => {
      const message = `The browser lost the stored tasks of this origin. ${tasks} unfinished tasks were restored from their second copy and continue; settled tasks and their results are lost`;
      report({ kind: "storage-lost", tasks, message });
    });
  }

  /** The unfinished records. */
  async active(): Promise<readonly TaskRecord[]> {
    return this.#readable(await this.attempt((store) => store.loadActive(), []));
  }

  /** The records that have an outcome. */
  async settled(): Promise<readonly TaskRecord[]> {
    return this.#readable(await this.attempt((store) => store.loadSettled(), []));
  }

  async record(id: string): Promise<TaskRecord | undefined> {
    return (await this.look(id))?.record;
  }

  /** Whether the store holds the record, and what can be read of it; `undefined` if the store cannot be read. */
  async look(
    id: string,
  ): Promise<{ readonly held: boolean; readonly record: TaskRecord | undefined } | undefined> {
    const read = await this.attempt(async (store) => ({ entry: await store.load(id) }), undefined);
    if (!read) return undefined;
    const held = read.entry !== undefined;
    return { held, record: held ? this.#readable([read.entry])[0] : undefined };
  }

  /** Resolves with `otherwise` if the store fails, which is reported. */
  async attempt<T>(read: (store: TaskStore) => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await read(this.#store);
    } catch (error) {
      this.#report(storageProblem("The stored tasks could not be read", error));
      return otherwise;
    }
  }

  #readable(stored: readonly unknown[]): TaskRecord[] {
    return stored.flatMap((entry) => {
      const reading = readRecord(entry);
      if (reading.kind === "record") return [reading.record];
      const { id, reason } = reading;
      const message = `A stored task cannot be read: ${reason}. It stays in the store; another version of this library may read it`;
      this.#report({ kind: "unreadable", message, ...(id !== undefined && { id }) });
      return [];
    });
  }
}
