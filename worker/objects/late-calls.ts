import type { Outcome, TaskRecord, TaskView } from "holdfast";
import type { StartCall } from "../group/task-group-rpc.ts";

/** Waits before a server that could not be reached is tried again, in ms; after the last one the call has failed. */
const BACKOFF_MS = [1_000, 2_000, 5_000, 15_000, 30_000, 60_000, 120_000, 300_000];
/** A longer call, as JSON text in characters, is listed without its arguments. */
const SHORT_CALL = 4 * 1024;
/** How many are tried again by one alarm. Those left over are still due. */
const AT_ONCE = 16;

/** A call that ended before it was made. */
export type EndedCall = TaskView & { readonly outcome: Outcome };

/** Returns the record of a call that ended before it was made. */
export function endedRecord({ tool, arguments: args, ...task }: EndedCall): TaskRecord {
  const { id, endpoint, generation, rev, createdAt, settledAt, outcome } = task;
  return {
    v: 1,
    rev,
    id,
    endpoint,
    generation,
    stage: "settled",
    call: { name: tool, arguments: args, asTask: false, recovery: "none", rounds: 0 },
    createdAt,
    inputs: [],
    outcome,
    ...(settledAt !== undefined && { settledAt }),
  };
}

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

  add(call: StartCall, task: TaskView, due: number): void {
    this.#sql.exec(
      "INSERT OR IGNORE INTO late_call (id, call, task, attempts, due) VALUES (?, ?, ?, 0, ?)",
      // The call has the arguments: together they must fit a row.
      ...[call.id, JSON.stringify(call), JSON.stringify({ ...task, arguments: {} }), due],
    );
  }

  /** The engine has a record of it now. */
  remove(id: string): void {
    this.#sql.exec("DELETE FROM late_call WHERE id = ?", id);
  }

  has(id: string): boolean {
    return this.#rows("SELECT 1 FROM late_call WHERE id = ?", id).length > 0;
  }

  task(id: string): TaskView | undefined {
    const [row] = this.#rows<{ call: string; task: string }>(
      "SELECT call, task FROM late_call WHERE id = ?",
      id,
    );
    if (!row) return undefined;
    const { arguments: args } = JSON.parse(row.call) as StartCall;
    return { ...(JSON.parse(row.task) as TaskView), arguments: args };
  }

  /** The newest first, with ids before one, and without long arguments. */
  tasks(before: string | undefined, limit: number): TaskView[] {
    const rows = this.#rows<{ task: string; args: string | null }>(
      `SELECT task, CASE WHEN length(call) <= ? THEN json_extract(call, '$.arguments') END AS args FROM late_call
       WHERE coalesce(id < ?, 1) ORDER BY id DESC LIMIT ?`,
      ...[SHORT_CALL, before ?? null, limit],
    );
    return rows.map(({ task, args }) => ({
      ...(JSON.parse(task) as TaskView),
      ...(args === null ? { omitted: ["arguments"] } : { arguments: JSON.parse(args) }),
    }));
  }

  /**
   * Some of those to try again now. One that was never tried to the end is, too, unless this life of the object is at it:
   * an earlier life was.
   */
  due(now: number, isAtIt: (id: string) => boolean): StartCall[] {
    const ids = this.#rows<{ id: string }>(
      "SELECT id FROM late_call WHERE due <= ? OR attempts = 0 ORDER BY due",
      now,
    );
    const due = ids.filter(({ id }) => !isAtIt(id)).slice(0, AT_ONCE);
    const calls = due.flatMap(({ id }) =>
      this.#rows<{ call: string }>("SELECT call FROM late_call WHERE id = ?", id),
    );
    return calls.map(({ call }) => JSON.parse(call) as StartCall);
  }

  nextDue(): number {
    const [first] = this.#rows<{ due: number | null }>("SELECT min(due) AS due FROM late_call");
    return first?.due ?? Number.POSITIVE_INFINITY;
  }

  /** How many are still to be made. */
  count(): number {
    return this.#rows<{ n: number }>("SELECT count(*) AS n FROM late_call")[0]?.n ?? 0;
  }

  /** It could not be made. It is tried again later, or has failed for good: then its last state is given back. */
  failed(id: string, message: string, now: number): EndedCall | undefined {
    const [row] = this.#rows<{ attempts: number }>("SELECT attempts FROM late_call WHERE id = ?", id);
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
  cancel(id: string, now: number): EndedCall | undefined {
    return this.#end(id, { kind: "cancelled", confirmed: true }, now);
  }

  #end(id: string, outcome: Outcome, now: number): EndedCall | undefined {
    const task = this.task(id);
    this.remove(id);
    return task && { ...task, status: outcome.kind, rev: task.rev + 1, settledAt: now, outcome };
  }

  #rows<T extends Record<string, SqlStorageValue>>(
    query: string,
    ...values: (string | number | null)[]
  ): T[] {
    return this.#sql.exec<T>(query, ...values).toArray();
  }
}
