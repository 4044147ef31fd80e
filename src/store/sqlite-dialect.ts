import type { SqlDialect } from "./sql-leases.ts";

const SQLITE_NOW = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)";

/** SQLite has one writer at a time. */
export const SQLITE: SqlDialect = {
  key: "INTEGER PRIMARY KEY AUTOINCREMENT",
  now: SQLITE_NOW,
  lock: "",
  post: `INSERT INTO holdfast_message (store, at, body) VALUES ($1, ${SQLITE_NOW}, $2)`,
};
