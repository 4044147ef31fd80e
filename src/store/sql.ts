import type { TaskRecord } from "../engine/record.ts";
import { changeNote } from "./change-note.ts";
import type { Lease, LeasedStore } from "./lease-table.ts";
import { joinLongResult, partLongResult } from "./long-result.ts";
import { fenced, LEASE_SCHEMA, type SqlDialect, sqlLeases } from "./sql-leases.ts";
import { parsed } from "./stored-text.ts";

export type SqlValue = string | number | null;

/** Runs one statement, with `$1`, `$2`, … for the values, and resolves with its rows. */
export type Query = (
  text: string,
  values: readonly SqlValue[],
) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/**
 * The tables. `seq` orders records of the same time. One row has everything of a task but its long result, so that each method
 * is one statement, which no other process can come between.
 */
const SCHEMA = (key: string): readonly string[] => [
  `CREATE TABLE IF NOT EXISTS holdfast_task (seq ${key}, store TEXT NOT NULL, id TEXT NOT NULL, rev BIGINT NOT NULL,
   settled_at BIGINT, record TEXT NOT NULL, result TEXT, note TEXT, note_version BIGINT NOT NULL DEFAULT 0, UNIQUE (store, id))`,
  `CREATE TABLE IF NOT EXISTS holdfast_session (store TEXT NOT NULL, endpoint TEXT NOT NULL, session TEXT NOT NULL,
   PRIMARY KEY (store, endpoint))`,
  ...LEASE_SCHEMA(key),
];

/**
 * A TaskStore over SQL that SQLite, D1 and PostgreSQL share.
 * @param name Keeps the tasks of several clients in one database apart.
 */
export function sqlStore(query: Query, name: string, dialect: SqlDialect): LeasedStore {
  let prepared: Promise<void> | undefined;
  const prepare = async (): Promise<void> => {
    for (const text of SCHEMA(dialect.key)) {
      // Of processes that create a table at once, PostgreSQL refuses all but one, `IF NOT EXISTS` or not.
      await query(text, []).catch(() => query(text, []));
    }
  };
  const run: Query = async (text, values) => {
    prepared ??= prepare().catch((error: unknown) => {
      // The database may be there next time.
      prepared = undefined;
      throw error;
    });
    await prepared;
    return query(text, values);
  };
  const records = async (condition: string): Promise<readonly unknown[]> =>
    (
      await run(`SELECT record FROM holdfast_task WHERE store = $1 AND ${condition} ORDER BY seq`, [name])
    ).map(({ record }) => parsed(record));

  return {
    async save(record, after, fence) {
      const rows = await run(...writing(name, dialect, record, after, fence));
      return rows.length > 0;
    },
    async load(id) {
      const text = "SELECT record, result FROM holdfast_task WHERE store = $1 AND id = $2";
      const [row] = await run(text, [name, id]);
      return row && joinLongResult(parsed(row.record), parsed(row.result));
    },
    async remove(id) {
      await run("DELETE FROM holdfast_task WHERE store = $1 AND id = $2", [name, id]);
    },
    loadActive: () => records("settled_at IS NULL"),
    loadSettled: () => records("settled_at IS NOT NULL"),
    async outdated(before, count) {
      const text = `SELECT id FROM holdfast_task WHERE store = $1 AND settled_at IS NOT NULL AND (settled_at < $2 OR seq NOT IN
        (SELECT seq FROM holdfast_task WHERE store = $1 AND settled_at IS NOT NULL ORDER BY settled_at DESC, seq DESC LIMIT $3))`;
      return (await run(text, [name, before, count])).map(({ id }) => String(id));
    },
    async saveSession(endpoint, session) {
      const text = `INSERT INTO holdfast_session (store, endpoint, session) VALUES ($1, $2, $3)
        ON CONFLICT (store, endpoint) DO UPDATE SET session = excluded.session`;
      await run(text, [name, endpoint, JSON.stringify(session)]);
    },
    async loadSession(endpoint) {
      const text = "SELECT session FROM holdfast_session WHERE store = $1 AND endpoint = $2";
      const [row] = await run(text, [name, endpoint]);
      return row && parsed(row.session);
    },
    deliveries: {
      async load() {
        const text = "SELECT note FROM holdfast_task WHERE store = $1 AND note IS NOT NULL ORDER BY seq";
        return (await run(text, [name])).map(({ note }) => parsed(note));
      },
      change: (id, change) =>
        changeNote(id, change, async () => {
          const found = "SELECT note, note_version FROM holdfast_task WHERE store = $1 AND id = $2";
          const [row] = await run(found, [name, id]);
          if (!row) return undefined;
          const text = `UPDATE holdfast_task SET note = $1, note_version = note_version + 1
            WHERE store = $2 AND id = $3 AND note_version = $4 RETURNING id`;
          const version = Number(row.note_version);
          return {
            note: parsed(row.note),
            write: async (next) => (await run(text, [next, name, id, version])).length > 0,
          };
        }),
    },
    leases: sqlLeases(run, name, dialect),
  };
}

/** One statement that writes the record, and returns a row, unless another write was faster (`isSuperseded` says the same). */
function writing(
  name: string,
  dialect: SqlDialect,
  record: TaskRecord,
  after: number | undefined,
  fence: readonly Lease[] | undefined,
): [text: string, values: readonly SqlValue[]] {
  const parted = partLongResult(record);
  const { id, rev, outcome, settledAt } = record;
  const values: SqlValue[] = [
    name,
    id,
    rev,
    outcome ? (settledAt ?? 0) : null,
    JSON.stringify(parted.record),
    parted.result ? JSON.stringify(parted.result) : null,
    ...(after === undefined ? [] : [after]),
  ];
  const condition = fence && fenced(dialect, fence.length, values.length + 1);
  if (fence) values.push(...fence.map(({ tenure }) => tenure));
  if (after === undefined)
    return [
      `INSERT INTO holdfast_task (store, id, rev, settled_at, record, result)
       SELECT $1, $2, CAST($3 AS BIGINT), CAST($4 AS BIGINT), $5, $6 WHERE ${condition ?? "1 = 1"}
       ON CONFLICT (store, id) DO UPDATE SET rev = excluded.rev, settled_at = excluded.settled_at, record = excluded.record,
       result = excluded.result WHERE holdfast_task.settled_at IS NULL AND holdfast_task.rev < excluded.rev RETURNING id`,
      values,
    ];
  return [
    `UPDATE holdfast_task SET rev = $3, settled_at = $4, record = $5, result = $6
     WHERE store = $1 AND id = $2 AND settled_at IS NULL AND rev < $3 AND rev = $7 AND ${condition ?? "1 = 1"} RETURNING id`,
    values,
  ];
}
