import type { Clock } from "../clock.ts";
import type { TaskRecord } from "../engine/record.ts";
import { defined } from "../protocol/json.ts";
import { readRecord } from "../store/read-record.ts";
import type { TaskStore } from "../store/task-store.ts";
import { type Problem, storageProblem } from "./problem.ts";
import { inSlices } from "./slices.ts";

/** The records of a store. A store that cannot be read is reported, and what runs in memory goes on; so is an unreadable record. */
export interface StoredTasks {
  /** The unfinished records. */
  active(): Promise<readonly TaskRecord[]>;
  /** The records that have an outcome. */
  settled(): Promise<readonly TaskRecord[]>;
  record(id: string): Promise<TaskRecord | undefined>;
  /** Whether the store holds the record, and what can be read of it; `undefined` if the store cannot be read. */
  look(id: string): Promise<{ readonly held: boolean; readonly record: TaskRecord | undefined } | undefined>;
  /** Resolves with `otherwise` if the store fails, which is reported. */
  attempt<T>(read: (store: TaskStore) => Promise<T>, otherwise: T): Promise<T>;
}

export function createStoredTasks(
  store: TaskStore,
  clock: Clock,
  report: (problem: Problem) => void,
): StoredTasks {
  store.onRestored?.((tasks) => {
    const message = `The browser lost the stored tasks of this origin. ${tasks} unfinished tasks were restored and continue; settled tasks and their results are lost`;
    report({ kind: "storage-lost", tasks, message });
  });

  async function attempt<T>(read: (store: TaskStore) => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await read(store);
    } catch (error) {
      report(storageProblem("The stored tasks could not be read", error));
      return otherwise;
    }
  }

  function readable(entry: unknown): TaskRecord | undefined {
    const reading = readRecord(entry);
    if (reading.kind === "record") return reading.record;
    const { id, reason } = reading;
    const message = `A stored task cannot be read: ${reason}. It stays in the store; another version of this library may read it`;
    report(defined({ kind: "unreadable", message, id }));
    return undefined;
  }

  async function readAll(
    read: (store: TaskStore) => Promise<readonly unknown[]>,
  ): Promise<readonly TaskRecord[]> {
    const records: TaskRecord[] = [];
    await inSlices(await attempt(read, []), clock, (entry) => {
      const record = readable(entry);
      if (record) records.push(record);
    });
    return records;
  }

  const look: StoredTasks["look"] = async (id) => {
    const read = await attempt(async () => ({ entry: await store.load(id) }), undefined);
    if (!read) return undefined;
    const held = read.entry !== undefined;
    return { held, record: held ? readable(read.entry) : undefined };
  };

  return {
    active: () => readAll((tasks) => tasks.loadActive()),
    settled: () => readAll((tasks) => tasks.loadSettled()),
    record: async (id) => (await look(id))?.record,
    look,
    attempt,
  };
}
