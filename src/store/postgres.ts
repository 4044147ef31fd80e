/**
 * A store in PostgreSQL, through the client that the app has.
 * @module
 */
import { sqlStore } from "./sql.ts";
import type { TaskStore } from "./task-store.ts";

export type { TaskStore } from "./task-store.ts";

/** What the store uses of a client: `Pool` and `Client` of `pg`, and `PGlite`, have it. */
export interface PostgresClient {
  query(
    text: string,
    values: unknown[],
  ): Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>;
}

/**
 * A TaskStore in two tables, `holdfast_task` and `holdfast_session`, which the first use creates in the client's schema. The app
 * connects and closes the client. One process at a time runs the tasks of a name: two would both poll.
 * @param options.name Keeps the tasks of several clients in one database apart. `"holdfast"` by default.
 * @example
 * const store = postgresStore(new Pool({ connectionString }));
 */
export function postgresStore(client: PostgresClient, options: { readonly name?: string } = {}): TaskStore {
  const query = async (text: string, values: readonly unknown[]) =>
    (await client.query(text, [...values])).rows;
  return sqlStore(query, options.name ?? "holdfast", "BIGSERIAL PRIMARY KEY");
}
