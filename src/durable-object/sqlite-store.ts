import type { TaskRecord } from "../engine/record.ts";
import { isObject } from "../protocol/json.ts";
import { joinLongResult, partLongResult } from "../store/long-result.ts";
import { isSuperseded } from "../store/supersede.ts";
import type { TaskStore } from "../store/task-store.ts";
import { taskJson } from "../task-json.ts";
import type { ObjectStorage, SqlValue } from "./storage.ts";
import { appended, changesIn, type TaskChange } from "./update-log.ts";

// Without rowids, so that there is no index beside the table, and all tasks in one, so that none moves when it settles:
// each change of a task writes one row. What is looked for comes before the long columns, which are read only if wanted.
const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS task (id TEXT PRIMARY KEY, settled INTEGER NOT NULL, rev INTEGER NOT NULL,
    tool TEXT NOT NULL, status TEXT NOT NULL, seq INTEGER NOT NULL, record TEXT NOT NULL, log TEXT NOT NULL) WITHOUT ROWID`,
  "CREATE TABLE IF NOT EXISTS result (id TEXT, part INTEGER, text TEXT NOT NULL, PRIMARY KEY (id, part)) WITHOUT ROWID",
  "CREATE TABLE IF NOT EXISTS session (endpoint TEXT PRIMARY KEY, session TEXT NOT NULL) WITHOUT ROWID",
];

/** The tables tasks were in before, and what they were: 0 for those without an outcome. */
const EARLIER_TABLES = [
  ["active", 0],
  ["settled", 1],
] as const;

/** A row takes 2 MB; a character takes up to 3 bytes. */
const PART_LENGTH = 512 * 1024;

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
  /** How many have no outcome; `undefined` until it is asked for. */
  #active: number | undefined;

  constructor(storage: ObjectStorage) {
    this.#storage = storage;
    this.#storage.transactionSync(() => {
      for (const statement of SCHEMA) this.#all(statement);
      this.#moveFromEarlierTables();
    });
  }

  async save(record: TaskRecord, after?: number): Promise<boolean> {
    const [known] = this.#all("SELECT settled, rev, log FROM task WHERE id = ?", record.id);
    if (known && isSuperseded(record, revisionOf(known), after)) return false;
    const task = taskJson({ record }, false);
    const seq = this.#nextSeq();
    const parted = partLongResult(record);
    const row = [
      record.id,
      record.outcome ? 1 : 0,
      record.rev,
      record.call.name,
      task.status,
      seq,
      JSON.stringify(parted.record),
      appended(String(known?.log ?? ""), seq, task),
    ];
    this.#storage.transactionSync(() => {
      this.#all(
        `INSERT INTO task (id, settled, rev, tool, status, seq, record, log) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET settled = excluded.settled, rev = excluded.rev, status = excluded.status,
         seq = excluded.seq, record = excluded.record, log = excluded.log`,
        ...row,
      );
      if (parted.result) this.#writeResult(record.id, JSON.stringify(parted.result));
    });
    this.#count((record.outcome ? 0 : 1) - (known ? 1 : 0));
    for (const listener of [...this.#listeners]) listener({ seq, task });
    return true;
  }

  async load(id: string): Promise<unknown> {
    const [row] = this.#all("SELECT record FROM task WHERE id = ?", id);
    if (!row) return undefined;
    const record: unknown = JSON.parse(String(row.record));
    const outcome = isObject(record) && isObject(record.outcome) ? record.outcome : undefined;
    return outcome?.apart ? joinLongResult(record, this.#readResult(id)) : record;
  }

  async remove(id: string): Promise<void> {
    const [known] = this.#all("SELECT settled FROM task WHERE id = ?", id);
    this.#storage.transactionSync(() => {
      for (const table of ["task", "result"]) this.#all(`DELETE FROM ${table} WHERE id = ?`, id);
    });
    if (known?.settled === 0) this.#count(-1);
  }

  async loadActive(): Promise<readonly unknown[]> {
    return this.#records("settled = 0");
  }

  async loadSettled(): Promise<readonly unknown[]> {
    return this.#records("settled = 1");
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
    this.#active ??= Number(this.#all("SELECT count(*) AS n FROM task WHERE settled = 0")[0]?.n ?? 0);
    return this.#active;
  }

  /** Whether there is a task of this id; it is not read for that. */
  has(id: string): boolean {
    return this.#all("SELECT 1 FROM task WHERE id = ?", id).length > 0;
  }

  /** Records as they are stored, the newest first by their ids. */
  query({ before, limit, status, tool }: TaskQuery): unknown[] {
    const unfinished = status === "unfinished";
    const wanted: [string, string | number | undefined][] = [
      ["id < ?", before],
      ["settled = ?", unfinished ? 0 : undefined],
      ["status = ?", unfinished ? undefined : status],
      ["tool = ?", tool],
    ];
    const given = wanted.filter((entry): entry is [string, string | number] => entry[1] !== undefined);
    const where = given.map(([condition]) => condition).join(" AND ") || "1";
    return this.#records(`${where} ORDER BY id DESC LIMIT ?`, ...given.map(([, value]) => value), limit);
  }

  /** The position after the last stored change. */
  position(): number {
    return this.#seq || this.#lastSeq();
  }

  /** The changes after a position, in order; of one task, or of all. */
  changes(after: number, id?: string): TaskChange[] {
    const select = "SELECT record, log FROM task WHERE seq > ?";
    const rows = id === undefined ? this.#all(select, after) : this.#all(`${select} AND id = ?`, after, id);
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
    return Number(this.#all("SELECT max(seq) AS seq FROM task")[0]?.seq ?? 0);
  }

  #count(by: number): void {
    if (this.#active !== undefined) this.#active += by;
  }

  #records(where: string, ...values: (string | number)[]): unknown[] {
    const rows = this.#all(`SELECT record FROM task WHERE ${where}`, ...values);
    return rows.map(({ record }) => JSON.parse(String(record)));
  }

  /** Objects made before all tasks were in one table. */
  #moveFromEarlierTables(): void {
    for (const [table, settled] of EARLIER_TABLES) {
      if (this.#all("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", table).length === 0)
        continue;
      // A damaged record is kept as it is, and reported where it is read.
      this.#all(
        `INSERT OR IGNORE INTO task (id, settled, rev, tool, status, seq, record, log)
         SELECT id, ${settled}, CASE WHEN json_valid(record) THEN coalesce(json_extract(record, '$.rev'), 0) ELSE 0 END,
         tool, status, seq, record, log FROM ${table}`,
      );
      this.#all(`DROP TABLE ${table}`);
    }
  }

  #all(query: string, ...bindings: (string | number | null)[]): Record<string, SqlValue>[] {
    return this.#storage.sql.exec(query, ...bindings).toArray();
  }
}

function revisionOf({ rev, settled }: Record<string, SqlValue>): object {
  return { rev: Number(rev), ...(settled === 1 && { outcome: true }) };
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
