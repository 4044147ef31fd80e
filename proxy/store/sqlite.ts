import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { ObjectStorage, SqlValue } from "../../src/durable-object/storage.ts";

type Sqlite = typeof import("node:sqlite");

let loaded: Promise<Sqlite> | undefined;

/** Node's SQLite, without the warning that it is experimental: stderr is the agent's log. */
export function sqlite(): Promise<Sqlite> {
  loaded ??= quietly(() => import("node:sqlite"));
  return loaded;
}

async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (!/SQLite/.test(String(warning))) Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  try {
    return await work();
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Whether an error says that another connection holds the database. */
export function isBusy(error: unknown): boolean {
  return (error as { errcode?: unknown } | undefined)?.errcode === 5;
}

/** Whether an error reports that the file is damaged, or not a database (SQLITE_CORRUPT, SQLITE_NOTADB). */
export function isDamaged(error: unknown): boolean {
  const { errcode } = (error ?? {}) as { readonly errcode?: unknown };
  return errcode === 11 || errcode === 26;
}

/** A database as the storage that `SqliteTaskStore` is written for: the proxy and the edge share one store. */
export function storageOf(db: DatabaseSync): ObjectStorage {
  const statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();
  const prepared = (query: string): ReturnType<DatabaseSync["prepare"]> => {
    const known = statements.get(query) ?? db.prepare(query);
    statements.set(query, known);
    return known;
  };
  let depth = 0;
  return {
    sql: {
      exec: (query, ...bindings) => {
        const rows = prepared(query).all(...(bindings as SQLInputValue[]));
        return { toArray: () => rows as Record<string, SqlValue>[] };
      },
    },
    transactionSync(work) {
      if (depth > 0) return work();
      depth++;
      db.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        db.exec("COMMIT");
        return result;
      } catch (error) {
        db.exec("ROLLBACK");
        throw error;
      } finally {
        depth--;
      }
    },
    // The proxy has timers: nothing wakes it but itself.
    getAlarm: async () => null,
    setAlarm: async () => undefined,
  };
}
