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
export interface RecordWriter {
  /** Whether a write is in flight. */
  busy(): boolean;
  /** The last write of a record, while it is in flight. */
  last(id: string): Promise<WriteResult> | undefined;
  /** Resolves when every write begun so far has ended. */
  written(): Promise<void>;
  /** Lets later writes of a record go ahead of those in flight, which another process superseded. */
  restart(id: string): void;
  /** @param events What changed the record; none where it is new. */
  write(
    task: RunningTask,
    record: TaskRecord,
    persist: NonNullable<Effects["persist"]>,
    events?: readonly TaskEvent[],
  ): Promise<WriteResult>;
  /** Removes the record of a call whose end was published. */
  remove(record: TaskRecord): Promise<void>;
}

/**
 * @param superseded Another process moved the task on in this tenure. Resolves when this one goes on from there, or has
 *   released the task.
 * @param ended A write has ended.
 */
export function createRecordWriter(
  { store, storing, stored, storageFailed }: WriterOptions,
  superseded: (task: RunningTask, tenure: Tenure) => Promise<void>,
  ended: () => void,
): RecordWriter {
  /** By record id, while they are in flight: the last write of each. */
  const writes = new Map<string, Promise<WriteResult>>();
  return {
    busy: () => writes.size > 0,
    last: (id) => writes.get(id),
    written: async () => void (await Promise.all(writes.values())),
    restart: (id) => void writes.delete(id),
    write(task, record, persist, events = []) {
      const { tenure } = task;
      tenure.unsaved.push(...events);
      const put = async (): Promise<WriteResult> => {
        const first = tenure.base === undefined && isCall(record) && persist !== "remove";
        if (first) await storing(record);
        // A state that follows one that another process overtook must not be written over that process's record.
        const saved = !tenure.overtaken && (persist === "remove" || (await store.save(record, tenure.base)));
        if (!saved) {
          await superseded(task, tenure);
          return "superseded";
        }
        const removes = persist === "remove" || persist === "writeThenRemove";
        if (removes) await store.remove(record.id);
        tenure.base = removes ? undefined : record.rev;
        if (first) stored(record);
        return "stored";
      };
      const write = Promise.resolve(writes.get(record.id))
        .then(put)
        .catch((error: unknown): WriteResult => {
          storageFailed(record, error);
          return "unstored";
        })
        .finally(() => {
          const last = events.at(-1);
          if (last && !tenure.overtaken) tenure.unsaved.splice(0, tenure.unsaved.indexOf(last) + 1);
        });
      writes.set(record.id, write);
      // Before any other callback on this write, so that nothing overtakes what waits for it.
      void write.then(() => {
        if (writes.get(record.id) === write) writes.delete(record.id);
        ended();
      });
      return write;
    },
    remove: (record) => store.remove(record.id).catch((error: unknown) => storageFailed(record, error)),
  };
}
