/**
 * A store in an SQLite database: `node:sqlite` (Node 22.13 and later, Deno) and `bun:sqlite`.
 * @module
 */
import type { LeasedStore } from "./lease-table.ts";
import { sqlStore } from "./sql.ts";
import { SQLITE } from "./sqlite-dialect.ts";

export type { LeasedStore } from "./lease-table.ts";
export type { TaskStore } from "./task-store.ts";

/** What the store uses of a database: `DatabaseSync` of `node:sqlite` and `Database` of `bun:sqlite` have it. */
export interface SqliteDatabase {
  prepare(text: string): { all(...values: (string | number | null)[]): unknown };
}

/**
 * A TaskStore in tables of the database whose names begin with `holdfast_`. The app opens and closes the database. Several processes
 * share a name by `leases()` of `holdfast/leases`; without it, two processes would both poll.
 * @param options.name Keeps the tasks of several clients in one database apart. `"holdfast"` by default.
 * @example
 * const store = sqliteStore(new DatabaseSync("tasks.db"));
 */
export function sqliteStore(database: SqliteDatabase, options: { readonly name?: string } = {}): LeasedStore {
  // SQLite counts `?1` from the first value, as `$1` does elsewhere.
  const query = async (text: string, values: readonly (string | number | null)[]) =>
    database.prepare(text.replaceAll("$", "?")).all(...values) as Readonly<Record<string, unknown>>[];
  return sqlStore(query, options.name ?? "holdfast", SQLITE);
}
