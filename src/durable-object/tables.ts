import { type ObjectStorage, rowsOf } from "./storage.ts";

// A table without rowids needs no index beside it, and all tasks are in one table, so that a task stays in its row when it settles:
// each change of a task writes one row. The columns of queries come before the long ones, which are read only when they are wanted.
// A long record is stored whole, in parts, in `result`, and its row has a short copy: no row is longer than SQLite allows.
const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS task (id TEXT PRIMARY KEY, settled INTEGER NOT NULL, rev INTEGER NOT NULL,
    tool TEXT NOT NULL, status TEXT NOT NULL, seq INTEGER NOT NULL, record TEXT NOT NULL, log TEXT NOT NULL) WITHOUT ROWID`,
  "CREATE TABLE IF NOT EXISTS result (id TEXT, part INTEGER, text TEXT NOT NULL, PRIMARY KEY (id, part)) WITHOUT ROWID",
  "CREATE TABLE IF NOT EXISTS delivery (id TEXT PRIMARY KEY, note TEXT NOT NULL) WITHOUT ROWID",
  "CREATE TABLE IF NOT EXISTS session (endpoint TEXT PRIMARY KEY, session TEXT NOT NULL) WITHOUT ROWID",
];

/** The tables of objects made before all tasks were in one, and what their tasks were: 0 for those without an outcome. */
const EARLIER_TABLES = [
  ["active", 0],
  ["settled", 1],
] as const;

/** Creates the tables that an object lacks, and moves the rows of earlier ones, in one transaction. */
export function createTables(storage: ObjectStorage): void {
  storage.transactionSync(() => {
    for (const statement of SCHEMA) rowsOf(storage, statement);
    for (const [table, settled] of EARLIER_TABLES) {
      if (
        rowsOf(storage, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", table).length === 0
      )
        continue;
      // A damaged record is kept as it is, and reported where it is read.
      rowsOf(
        storage,
        `INSERT OR IGNORE INTO task (id, settled, rev, tool, status, seq, record, log)
         SELECT id, ${settled}, CASE WHEN json_valid(record) THEN coalesce(json_extract(record, '$.rev'), 0) ELSE 0 END,
         tool, status, seq, record, log FROM ${table}`,
      );
      rowsOf(storage, `DROP TABLE ${table}`);
    }
  });
}
