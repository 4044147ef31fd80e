import type { TaskRecord } from "../engine/record.ts";
import { isObject } from "../protocol/json.ts";
import { joinLongResult, partLongResult } from "../store/long-result.ts";
import { isSuperseded } from "../store/supersede.ts";
import type { TaskStore } from "../store/task-store.ts";
import { taskJson } from "../task-json.ts";
import type { ObjectStorage, SqlValue } from "./storage.ts";
import { appended, changesIn, type TaskChange } from "./update-log.ts";

// Without rowids, so that there is no index beside the table: each change of a task writes one row.
const SCHEMA = [
  ...["active", "settled"].map(
    (
      table,
    ) => `CREATE TABLE IF NOT EXISTS ${table} (id TEXT PRIMARY KEY, tool TEXT NOT NULL, status TEXT NOT NULL,
      seq INTEGER NOT NULL, record TEXT NOT NULL, log TEXT NOT NULL) WITHOUT ROWID`,
  ),
  "CREATE TABLE IF NOT EXISTS result (id TEXT, part INTEGER, text TEXT NOT NULL, PRIMARY KEY (id, part)) WITHOUT ROWID",
  "CREATE TABLE IF NOT EXISTS session (endpoint TEXT PRIMARY KEY, session TEXT NOT NULL) WITHOUT ROWID",
];

/** A row takes 2 MB; a character takes up to 3 bytes. */
const PART_LENGTH = 512 * 1024;

type Table = "active" | "settled";

/** What to list: the newest first, by their ids. */
export interface TaskQuery {
  /** Only ids before this one. */
  readonly before?: string;
  readonly limit: number;
  /** One of the statuses, or `unfinished`: those without an outcome. */
  readonly status?: string;
  readonly tool?: string;
}

/** A TaskStore in the SQLite storage of a Durable Object, with the changes of each task for those who watch. */
export class SqliteTaskStore implements TaskStore {
  readonly #storage: ObjectStorage;
  readonly #listeners: Set<(change: TaskChange) => void> = new Set();
  #seq = 0;

  constructor(storage: ObjectStorage) {
    this.#storage = storage;
    for (const statement of SCHEMA) this.#all(statement);
  }

  async save(record: TaskRecord): Promise<boolean> {
    const [known] = this.#rows("id = ?", [record.id]);
    if (known && isSuperseded(record, JSON.parse(String(known.record)))) return false;
    const task = taskJson({ record }, false);
    const seq = this.#nextSeq();
    const parted = partLongResult(record);
    const row = [
      record.id,
      record.call.name,
      task.status,
      seq,
      JSON.stringify(parted.record),
      appended(String(known?.log ?? ""), seq, task),
    ];
    this.#storage.transactionSync(() => {
      if (record.outcome) this.#all("DELETE FROM active WHERE id = ?", record.id);
      const table: Table = record.outcome ? "settled" : "active";
      this.#all(
        `INSERT INTO ${table} (id, tool, status, seq, record, log) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET status = excluded.status, seq = excluded.seq, record = excluded.record, log = excluded.log`,
        ...row,
      );
      if (parted.result) this.#writeResult(record.id, JSON.stringify(parted.result));
    });
    for (const listener of [...this.#listeners]) listener({ seq, task });
    return true;
  }

  async load(id: string): Promise<unknown> {
    const [row] = this.#rows("id = ?", [id]);
    if (!row) return undefined;
    const record: unknown = JSON.parse(String(row.record));
    const outcome = isObject(record) && isObject(record.outcome) ? record.outcome : undefined;
    return outcome?.apart ? joinLongResult(record, this.#readResult(id)) : record;
  }

  async remove(id: string): Promise<void> {
    this.#storage.transactionSync(() => {
      for (const table of ["active", "settled", "result"]) this.#all(`DELETE FROM ${table} WHERE id = ?`, id);
    });
  }

  async loadActive(): Promise<readonly unknown[]> {
    return this.#all("SELECT record FROM active").map(({ record }) => JSON.parse(String(record)));
  }

  async loadSettled(): Promise<readonly unknown[]> {
    return this.#all("SELECT record FROM settled").map(({ record }) => JSON.parse(String(record)));
  }

  async saveSession(endpoint: string, session: unknown): Promise<void> {
    this.#all(
      "INSERT OR REPLACE INTO session (endpoint, session) VALUES (?, ?)",
      endpoint,
      JSON.stringify(session),
    );
  }

  async loadSession(endpoint: string): Promise<unknown> {
    const [row] = this.#all("SELECT session FROM session WHERE endpoint = ?", endpoint);
    return row && JSON.parse(String(row.session));
  }

  /** How many tasks have no outcome yet. */
  activeCount(): number {
    return Number(this.#all("SELECT count(*) AS n FROM active")[0]?.n ?? 0);
  }

  /** Records as they are stored, the newest first by their ids. */
  query({ before, limit, status, tool }: TaskQuery): unknown[] {
    const unfinished = status === "unfinished";
    const wanted: [string, string | undefined][] = [
      ["id < ?", before],
      ["status = ?", unfinished ? undefined : status],
      ["tool = ?", tool],
    ];
    const given = wanted.filter((entry): entry is [string, string] => entry[1] !== undefined);
    const where = given.map(([condition]) => condition).join(" AND ") || "1";
    const values = given.map(([, value]) => value);
    const tables: readonly Table[] = unfinished ? ["active"] : ["active", "settled"];
    const selects = tables.map((table) => `SELECT id, record FROM ${table} WHERE ${where}`);
    return this.#all(
      `${selects.join(" UNION ALL ")} ORDER BY id DESC LIMIT ?`,
      ...tables.flatMap(() => values),
      limit,
    ).map(({ record }) => JSON.parse(String(record)));
  }

  /** The position after the last stored change. */
  position(): number {
    return this.#seq || this.#lastSeq();
  }

  /** The changes after a position, in order; of one task, or of all. */
  changes(after: number, id?: string): TaskChange[] {
    const rows =
      id === undefined ? this.#rows("seq > ?", [after]) : this.#rows("seq > ? AND id = ?", [after, id]);
    const changes = rows.flatMap(({ record, log }) => {
      const { call } = JSON.parse(String(record)) as TaskRecord;
      return changesIn(String(log), after, call.arguments ?? {});
    });
    return changes.sort((a, b) => a.seq - b.seq);
  }

  /** Calls back after each change that is stored. The function returned ends it. */
  watch(listener: (change: TaskChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #writeResult(id: string, text: string): void {
    for (const [part, piece] of parts(text).entries()) {
      this.#all("INSERT OR REPLACE INTO result (id, part, text) VALUES (?, ?, ?)", id, part, piece);
    }
  }

  #readResult(id: string): unknown {
    const pieces = this.#all("SELECT text FROM result WHERE id = ? ORDER BY part", id);
    return pieces.length > 0 ? JSON.parse(pieces.map(({ text }) => String(text)).join("")) : undefined;
  }

  /** By the time, so that it goes on growing when the task with the last one has been deleted. */
  #nextSeq(): number {
    this.#seq = Math.max(Date.now(), this.position() + 1);
    return this.#seq;
  }

  #lastSeq(): number {
    const [row] = this.#all(
      "SELECT max(seq) AS seq FROM (SELECT seq FROM active UNION ALL SELECT seq FROM settled)",
    );
    return Number(row?.seq ?? 0);
  }

  #rows(where: string, values: (string | number)[]): Record<string, SqlValue>[] {
    const select = (table: Table): string => `SELECT id, record, log FROM ${table} WHERE ${where}`;
    return this.#all(`${select("active")} UNION ALL ${select("settled")}`, ...values, ...values);
  }

  #all(query: string, ...bindings: (string | number | null)[]): Record<string, SqlValue>[] {
    return this.#storage.sql.exec(query, ...bindings).toArray();
  }
}

/** A cut never falls inside a surrogate pair: half of one has no UTF-8. */
function parts(text: string): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length; ) {
    let end = Math.min(text.length, start + PART_LENGTH);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end--;
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}
