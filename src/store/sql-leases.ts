import type { Lease, LeaseTable } from "./lease-table.ts";
import type { Query } from "./sql.ts";

/** What differs between the databases. */
export interface SqlDialect {
  /** The type of a column that counts by itself. */
  readonly key: string;
  /** The database's time, in ms since 1970. */
  readonly now: string;
  /** Follows a SELECT of the leases that fence a write: nobody takes them before the write is committed. */
  readonly lock: string;
  /** Inserts a message, of store `$1` and body `$2`, so that a reader never finds it after a later one. */
  readonly post: string;
}

export const LEASE_SCHEMA = (key: string): readonly string[] => [
  `CREATE TABLE IF NOT EXISTS holdfast_lease (store TEXT NOT NULL, name TEXT NOT NULL, tenure TEXT NOT NULL,
   expires_at BIGINT NOT NULL, PRIMARY KEY (store, name))`,
  `CREATE TABLE IF NOT EXISTS holdfast_message (seq ${key}, store TEXT NOT NULL, at BIGINT NOT NULL, body TEXT NOT NULL)`,
];

/** D1 takes 100 values a statement. */
const SLICE = 90;

/**
 * A condition on the store `$1`: one of so many tenures has its lease.
 * @param first The number of the first tenure's value.
 */
export function fenced(dialect: SqlDialect, count: number, first: number): string {
  return `EXISTS (SELECT 1 FROM holdfast_lease WHERE store = $1 AND tenure IN (${places(count, first)})${dialect.lock})`;
}

function places(count: number, first: number): string {
  return Array.from({ length: count }, (_, index) => `$${first + index}`).join(", ");
}

/** The leases and messages of a store over SQL that SQLite, D1 and PostgreSQL share. */
export function sqlLeases(run: Query, name: string, { now, post }: SqlDialect): LeaseTable {
  return {
    async take(lease, ms, steal = false) {
      const text = `INSERT INTO holdfast_lease (store, name, tenure, expires_at) VALUES ($1, $2, $3, ${now} + $4)
        ON CONFLICT (store, name) DO UPDATE SET tenure = excluded.tenure, expires_at = excluded.expires_at
        ${steal ? "" : `WHERE holdfast_lease.expires_at <= ${now}`} RETURNING expires_at`;
      const [row] = await run(text, [name, lease.name, lease.tenure, ms]);
      return row && Number(row.expires_at) - ms;
    },
    async renew(leases, ms) {
      const renewed: string[] = [];
      for (let from = 0; from < leases.length; from += SLICE) {
        const tenures = leases.slice(from, from + SLICE).map(({ tenure }: Lease) => tenure);
        const text = `UPDATE holdfast_lease SET expires_at = ${now} + $2
          WHERE store = $1 AND tenure IN (${places(tenures.length, 3)}) RETURNING tenure`;
        for (const { tenure } of await run(text, [name, ms, ...tenures])) renewed.push(String(tenure));
      }
      return renewed;
    },
    async release(lease) {
      await run("DELETE FROM holdfast_lease WHERE store = $1 AND name = $2 AND tenure = $3", [
        name,
        lease.name,
        lease.tenure,
      ]);
    },
    async held() {
      const text = `SELECT name FROM holdfast_lease WHERE store = $1 AND expires_at > ${now}`;
      return (await run(text, [name])).map((row) => String(row.name));
    },
    async post(body) {
      await run(post, [name, body]);
    },
    async read(position) {
      if (position === undefined) {
        const [row] = await run("SELECT MAX(seq) AS seq FROM holdfast_message WHERE store = $1", [name]);
        return { position: String(row?.seq ?? 0), bodies: [] };
      }
      const text = "SELECT seq, body FROM holdfast_message WHERE store = $1 AND seq > $2 ORDER BY seq";
      const rows = await run(text, [name, Number(position)]);
      return { position: String(rows.at(-1)?.seq ?? position), bodies: rows.map(({ body }) => String(body)) };
    },
    async prune(ms) {
      await run(`DELETE FROM holdfast_message WHERE store = $1 AND at < ${now} - $2`, [name, ms]);
      await run(`DELETE FROM holdfast_lease WHERE store = $1 AND expires_at < ${now} - $2`, [name, ms]);
    },
  };
}
