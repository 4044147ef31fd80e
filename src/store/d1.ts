/**
 * A store in a D1 database, for a Worker without Durable Objects of its own.
 * @module
 */
import type { LeasedStore } from "./lease-table.ts";
import { sqlStore } from "./sql.ts";
import { SQLITE } from "./sqlite-dialect.ts";

export type { LeasedStore } from "./lease-table.ts";
export type { TaskStore } from "./task-store.ts";

/** What the store uses of a binding (`D1Database`). */
export interface D1 {
  prepare(text: string): {
    bind(...values: unknown[]): { all(): Promise<{ readonly results: readonly unknown[] }> };
  };
}

/**
 * A TaskStore in tables whose names begin with `holdfast_`, which the first use creates. A row of D1 has at most 2 MB:
 * set `maxResultLength` of the client to 1,500,000 or less. A Worker has no timers between requests: a scheduled handler resumes
 * the tasks and waits for their polls. Durable Objects do that by themselves (`holdfast/durable-object`).
 * @param options.name Keeps the tasks of several clients in one database apart. `"holdfast"` by default.
 * @example
 * const store = d1Store(env.TASKS);
 */
export function d1Store(database: D1, options: { readonly name?: string } = {}): LeasedStore {
  const query = async (text: string, values: readonly unknown[]) => {
    const { results } = await database
      .prepare(text.replaceAll("$", "?"))
      .bind(...values)
      .all();
    return results as readonly Readonly<Record<string, unknown>>[];
  };
  return sqlStore(query, options.name ?? "holdfast", SQLITE);
}
