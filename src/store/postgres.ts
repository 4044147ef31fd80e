/**
 * A store in PostgreSQL, through the client that the app has.
 * @module
 */
import type { LeasedStore } from "./lease-table.ts";
import { sqlStore } from "./sql.ts";
import type { SqlDialect } from "./sql-leases.ts";

export type { LeasedStore } from "./lease-table.ts";
export type { TaskStore } from "./task-store.ts";

/** What the store uses of a client: `Pool` and `Client` of `pg`, and `PGlite`, have it. */
export interface PostgresClient {
  query(
    text: string,
    values: unknown[],
  ): Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>;
}

const NOW = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";

const POSTGRES: SqlDialect = {
  key: "BIGSERIAL PRIMARY KEY",
  now: NOW,
  lock: " FOR SHARE",
  // Without the lock, a statement that took an earlier `seq` could commit after a reader has passed it.
  post: `WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(hashtext('holdfast/' || $1))), posted AS (
    INSERT INTO holdfast_message (store, at, body) SELECT $1, ${NOW}, $2 FROM turn RETURNING seq)
    SELECT pg_notify('holdfast', $1) FROM posted`,
};

/**
 * A TaskStore in tables whose names begin with `holdfast_`, which the first use creates in the client's schema. The app connects and
 * closes the client. Several processes share a name by `leases()` of `holdfast/leases`; without it, two processes would both poll.
 * @param options.name Keeps the tasks of several clients in one database apart. `"holdfast"` by default.
 * @example
 * const store = postgresStore(new Pool({ connectionString }));
 */
export function postgresStore(client: PostgresClient, options: { readonly name?: string } = {}): LeasedStore {
  const query = async (text: string, values: readonly unknown[]) =>
    (await client.query(text, [...values])).rows;
  return sqlStore(query, options.name ?? "holdfast", POSTGRES);
}
