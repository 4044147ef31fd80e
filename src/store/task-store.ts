import type { TaskRecord } from "../engine/record.ts";
import type { Session } from "../protocol/session.ts";

/** A stored record as it lies there: perhaps written by another version of this library. */
export type StoredRecord = unknown;

/** Where a store notes what was delivered of its tasks, beside their records. */
export interface DeliveryNotes {
  /** All notes. */
  load(): Promise<readonly unknown[]>;
  /**
   * Replaces the note of a task in one atomic step: no process changes it between the reading and the writing. Resolves when
   * that is durable; with false, and without a call, if the store has no record of that id.
   * @param change Takes the note, or `undefined` before the first one, and returns the next one: plain data. Nothing is written
   *   if it returns the note that it was given. It may be called twice. What it throws rejects the promise.
   */
  change(id: string, change: (note: unknown) => unknown): Promise<boolean>;
}

/**
 * Where records live. Active and settled ones lie apart, so that resuming costs by the active.
 * Every method may throw what the storage throws; the task then continues in memory, and `onProblem` reports it.
 */
export interface TaskStore {
  /** Names what tabs have in common when they use this store; without it, a client counts as alone. */
  readonly scope?: string;
  /**
   * Writes a record; one with an outcome leaves the active ones in the same step. Resolves with false, and writes
   * nothing, when another process was faster: the store holds an outcome, the same or a higher `rev`, or one other than `after`, or
   * `after` is given and the record was deleted.
   * @param after The `rev` of the stored record that this one follows on. Absent if none was stored.
   */
  save(record: TaskRecord, after?: number): Promise<boolean>;
  /** The whole record. */
  load(id: string): Promise<StoredRecord | undefined>;
  /** Deletes the note of the deliveries too. */
  remove(id: string): Promise<void>;
  loadActive(): Promise<readonly StoredRecord[]>;
  /** These may lack what is long in them: results, and then `outcome.apart` says so, arguments and questions. */
  loadSettled(): Promise<readonly StoredRecord[]>;
  /**
   * The ids of settled records that retention no longer covers: settled before a time, in ms since 1970, or not among the
   * latest `count`. Without this method, the host reads all settled records to find them.
   */
  outdated?(before: number, count: number): Promise<readonly string[]>;
  saveSession(endpoint: string, session: Session): Promise<void>;
  loadSession(endpoint: string): Promise<unknown>;
  /** Without it the client has no inbox. */
  readonly deliveries?: DeliveryNotes;
  /**
   * Sets who is called when the store's data was lost and unfinished tasks were restored from a second copy, with their number.
   * Only the last listener is called.
   */
  onRestored?(listener: (tasks: number) => void): void;
  /** Frees what the store holds open. A client calls it when it closes, and awaits it; another client may use the store further. */
  close?(): void | Promise<void>;
}
