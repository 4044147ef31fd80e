import type { GroupName } from "./principal-directory-rpc.ts";

/** The groups of a principal: durable, and never fewer than there were. */
export class GroupTable {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`CREATE TABLE IF NOT EXISTS groups (
      endpoint TEXT NOT NULL, shard INTEGER NOT NULL, PRIMARY KEY (endpoint, shard)
    ) WITHOUT ROWID`);
  }

  all(): GroupName[] {
    return this.#sql
      .exec<{ endpoint: string; shard: number }>(
        "SELECT endpoint, shard FROM groups ORDER BY endpoint, shard",
      )
      .toArray();
  }

  add({ endpoint, shard }: GroupName): void {
    this.#sql.exec("INSERT INTO groups (endpoint, shard) VALUES (?, ?)", endpoint, shard);
  }
}
