/**
 * A store in an SQLite database: `node:sqlite` (Node 22.13 and later, Deno) and `bun:sqlite`.
 * @module
 */
import { sqlStore } from "./sql.ts";
import type { TaskStore } from "./task-store.ts";

export type { TaskStore } from "./task-store.ts";

/** What the store uses of a database: `DatabaseSync` of `node:sqlite` and `Database` of `bun:sqlite` have it. */
export interface SqliteDatabase {
  prepare(text: string): { all(...values: (string | number | null)[]): unknown };
}

/**
 * A TaskStore in two tables of the database, `holdfast_task` and `holdfast_session`. The app opens and closes the database. One
 * process at a time runs the tasks of a name: two would both poll.
 * @param options.name Keeps the tasks of several clients in one database apart. `"holdfast"` by default.
 * @example
 * const store = sqliteStore(new DatabaseSync("tasks.db"));
 */
export function sqliteStore(database: SqliteDatabase, options: { readonly name?: string } = {}): TaskStore {
  // SQLite counts `?1` from the first value, as `$1` does elsewhere.
  const query = async (text: string, values: readonly (string | number | null)[]) =>
    database.prepare(text.replaceAll("$", "?")).all(...values) as Readonly<Record<string, unknown>>[];
  return sqlStore(query, options.name ?? "holdfast", "INTEGER PRIMARY KEY AUTOINCREMENT");
}
