import type { Outcome, TaskJson } from "holdfast";
import type { StartCall } from "./task-group-rpc.ts";

/** Waits before a server that could not be reached is tried again, in ms; after the last one the call has failed. */
const BACKOFF_MS = [1_000, 2_000, 5_000, 15_000, 30_000, 60_000, 120_000, 300_000];

/**
 * Calls whose caller was answered before their server could be reached: nothing of them has left, and the engine
 * has no record of them yet. They are rows until it has one.
 */
export class LateCalls {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(
      `CREATE TABLE IF NOT EXISTS late_call (id TEXT PRIMARY KEY, call TEXT NOT NULL, task TEXT NOT NULL,
       attempts INTEGER NOT NULL, due INTEGER NOT NULL) WITHOUT ROWID`,
    );
  }

  add(call: StartCall, task: TaskJson, due: number): void {
    this.#sql.exec(
      "INSERT OR IGNORE INTO late_call (id, call, task, attempts, due) VALUES (?, ?, ?, 0, ?)",
      ...[call.id, JSON.stringify(call), JSON.stringify(task), due],
    );
  }

  /** The engine has a record of it now. */
  remove(id: string): void {
    this.#sql.exec("DELETE FROM late_call WHERE id = ?", id);
  }

  has(id: string): boolean {
    return this.#sql.exec("SELECT 1 FROM late_call WHERE id = ?", id).toArray().length > 0;
  }

  task(id: string): TaskJson | undefined {
    return this.#tasks("id = ?", id)[0];
  }

  tasks(): TaskJson[] {
    return this.#tasks("1");
  }

  /**
   * Those to try again now. One that was never tried to the end is, too, unless this life of the object is at it:
   * an earlier life was.
   */
  due(now: number, isAtIt: (id: string) => boolean): StartCall[] {
    const rows = this.#sql.exec<{ call: string; attempts: number }>(
      "SELECT call, attempts FROM late_call WHERE due <= ? OR attempts = 0",
      now,
    );
    const calls = rows.toArray().map(({ call }) => JSON.parse(call) as StartCall);
    return calls.filter(({ id }) => !isAtIt(id));
  }

  nextDue(): number {
    const { due } = this.#sql.exec<{ due: number | null }>("SELECT min(due) AS due FROM late_call").one();
    return due ?? Number.POSITIVE_INFINITY;
  }

  /** How many are still to be made. */
  count(): number {
    return this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM late_call").one().n;
  }

  /** It could not be made. It is tried again later, or has failed for good: then its last state is given back. */
  failed(id: string, message: string, now: number): TaskJson | undefined {
    const [row] = this.#sql
      .exec<{ attempts: number }>("SELECT attempts FROM late_call WHERE id = ?", id)
      .toArray();
    if (!row) return undefined;
    const wait = BACKOFF_MS[row.attempts];
    if (wait === undefined) {
      return this.#end(
        id,
        { kind: "failed", error: { reason: "http", message: `The call was never sent: ${message}` } },
        now,
      );
    }
    this.#sql.exec("UPDATE late_call SET attempts = attempts + 1, due = ? WHERE id = ?", now + wait, id);
    return undefined;
  }

  /** Gives its last state back, if it was still to be made. */
  cancel(id: string, now: number): TaskJson | undefined {
    return this.#end(id, { kind: "cancelled", confirmed: true }, now);
  }

  #end(id: string, outcome: Outcome, now: number): TaskJson | undefined {
    const task = this.task(id);
    this.remove(id);
    return task && { ...task, status: outcome.kind, rev: task.rev + 1, settledAt: now, outcome };
  }

  #tasks(where: string, ...values: string[]): TaskJson[] {
    const rows = this.#sql.exec<{ task: string }>(`SELECT task FROM late_call WHERE ${where}`, ...values);
    return rows.toArray().map(({ task }) => JSON.parse(task) as TaskJson);
  }
}
