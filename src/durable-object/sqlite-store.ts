import { RECORD_VERSION, type TaskRecord } from "../engine/record.ts";
import { jsonWeight } from "../protocol/bounds.ts";
import { readRecord } from "../store/read-record.ts";
import { parsed } from "../store/stored-text.ts";
import { isSuperseded } from "../store/supersede.ts";
import type { DeliveryNotes, TaskStore } from "../store/task-store.ts";
import type { TaskView } from "../task-view.ts";
import { LEAN_HEAD, leanRecord, leanText, leanView } from "./lean-record.ts";
import { type ObjectStorage, rowsOf, type SqlRow } from "./storage.ts";
import { isLean, revisionOf, viewOfRow, wholeRecord } from "./stored-row.ts";
import { createTables } from "./tables.ts";
import { pageOf, type TaskPage, type TaskQuery } from "./task-page.ts";
import { readParts, writeParts } from "./text-parts.ts";
import { appended, replayed, type TaskChange } from "./update-log.ts";

/** Tables with rows of some of the tasks. */
const ADDITIONS = ["result", "delivery"] as const;
type Addition = (typeof ADDITIONS)[number];

/** The longest record that lies whole in its row, as JSON text, in characters. */
const INLINE_LENGTH = 16 * 1024;

/** A TaskStore in the SQLite storage of a Durable Object, with the changes of each task for those who watch. */
export class SqliteTaskStore implements TaskStore {
  readonly #storage: ObjectStorage;
  readonly #listeners: Set<(change: TaskChange) => void> = new Set();
  #seq = 0;
  /** Whose writes may be deferred, and the records that are, with the `after` of their first write. */
  readonly #deferring: Set<string> = new Set();
  /** Those of which nothing is stored for certain: they need not be looked for. */
  readonly #unstored: Set<string> = new Set();
  readonly #deferred: Map<string, { readonly record: TaskRecord; readonly after: number | undefined }> =
    new Map();
  /** Of the tasks that were unfinished when they were first loaded: the calls without an answer of their server. */
  #unanswered: readonly TaskRecord[] | undefined;
  /** Resolves in the next turn of the event loop. */
  #turn: Promise<void> | undefined;
  /** How many have no outcome; `undefined` until it is asked for. */
  #active: number | undefined;
  /** Whether the tables have, or had, rows, where that is known. */
  readonly #added: Map<Addition, boolean> = new Map();
  /** Of each task without an outcome, in bytes; of those that were loaded or saved here. */
  readonly #weights: Map<string, number> = new Map();

  constructor(storage: ObjectStorage) {
    this.#storage = storage;
    createTables(storage);
  }

  /**
   * Defers writes of a task until the function returned is called: of a plain call's outcome, and of a call that is safe to repeat.
   * Neither is needed to make a call once. They are written before anything else is read of the tasks.
   * @param isNew Nothing is stored under this id.
   */
  defer(id: string, isNew: boolean): () => void {
    this.#deferring.add(id);
    if (isNew) this.#unstored.add(id);
    return () => {
      this.#deferring.delete(id);
      this.#flush(id);
      this.#unstored.delete(id);
    };
  }

  /** The record of a task whose writes are deferred. */
  deferred(id: string): TaskRecord | undefined {
    return this.#deferred.get(id)?.record;
  }

  async save(record: TaskRecord, after?: number): Promise<boolean> {
    const { id } = record;
    const earlier = this.#deferred.get(id);
    if (this.#deferring.has(id) && isDeferrable(record)) {
      this.#deferred.set(id, earlier ? { ...earlier, record } : { record, after });
      return true;
    }
    if (this.#deferring.has(id) && this.#unstored.has(id)) await this.#nextTurn();
    this.#flush(id);
    return this.#write(record, after);
  }

  /** The first records of calls that came together are written together, in one commit: each is a flush of the disk. */
  #nextTurn(): Promise<void> {
    this.#turn ??= new Promise((resolve) =>
      setTimeout(() => {
        this.#turn = undefined;
        resolve();
      }),
    );
    return this.#turn;
  }

  /** Stores a record under an id that is new, so that it is not looked for. */
  insert(record: TaskRecord): void {
    this.#unstored.add(record.id);
    this.#write(record);
  }

  #flush(id: string): void {
    const deferred = this.#deferred.get(id);
    this.#deferred.delete(id);
    if (deferred) this.#write(deferred.record, deferred.after);
  }

  #write(record: TaskRecord, after?: number): boolean {
    const [known] = this.#rows(
      record.id,
      `SELECT settled, rev, log, substr(record, 1, ${LEAN_HEAD.length}) AS record FROM task WHERE id = ?`,
    );
    if (isSuperseded(record, known && revisionOf(known), after)) return false;
    const lean = leanRecord(record);
    const task = leanView(lean);
    const seq = this.#nextSeq();
    const whole = JSON.stringify(record);
    const long = whole.length > INLINE_LENGTH;
    const row = [
      record.id,
      record.outcome ? 1 : 0,
      record.rev,
      record.call.name,
      task.status,
      seq,
      long ? leanText(lean) : whole,
      appended(String(known?.log ?? ""), seq, task),
    ];
    const write = (): void => {
      this.#all(
        `INSERT INTO task (id, settled, rev, tool, status, seq, record, log) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET settled = excluded.settled, rev = excluded.rev, status = excluded.status,
         seq = excluded.seq, record = excluded.record, log = excluded.log`,
        ...row,
      );
      if (isLean(known)) this.#all("DELETE FROM result WHERE id = ?", record.id);
      if (!long) return;
      this.#added.set("result", true);
      writeParts(this.#storage, record.id, whole);
    };
    this.#unstored.delete(record.id);
    // One statement is a transaction by itself.
    if (long || isLean(known)) this.#storage.transactionSync(write);
    else write();
    this.#count((record.outcome ? 0 : 1) - (known ? 1 : 0));
    if (record.outcome) this.#weights.delete(record.id);
    else this.#weights.set(record.id, jsonWeight(whole));
    for (const listener of [...this.#listeners]) listener({ seq, task });
    return true;
  }

  async load(id: string): Promise<unknown> {
    const deferred = this.#deferred.get(id);
    if (deferred) return deferred.record;
    const [row] = this.#rows(id, "SELECT id, record FROM task WHERE id = ?");
    return row && wholeRecord(this.#storage, row);
  }

  async remove(id: string): Promise<void> {
    this.#flush(id);
    const remove = (): SqlRow[] => {
      for (const table of ADDITIONS)
        if (this.#mayHave(table)) this.#all(`DELETE FROM ${table} WHERE id = ?`, id);
      return this.#all("DELETE FROM task WHERE id = ? RETURNING settled", id);
    };
    // Of most tasks this is one statement, which is a transaction by itself.
    const [known] = ADDITIONS.some((table) => this.#mayHave(table))
      ? this.#storage.transactionSync(remove)
      : remove();
    if (known?.settled === 0) this.#count(-1);
    this.#weights.delete(id);
  }

  async loadActive(): Promise<readonly unknown[]> {
    const active = this.#tasks("SELECT id, record FROM task WHERE settled = 0").map((row) => {
      const text = isLean(row) ? readParts(this.#storage, String(row.id)) : String(row.record);
      this.#weights.set(String(row.id), jsonWeight(text));
      return parsed(text);
    });
    this.#unanswered ??= active.flatMap((stored) => {
      const reading = readRecord(stored);
      const isUnanswered = reading.kind === "record" && /^(queued|calling)$/.test(reading.record.stage);
      return isUnanswered ? [reading.record] : [];
    });
    return active;
  }

  get unanswered(): readonly TaskRecord[] {
    return this.#unanswered ?? [];
  }

  async loadSettled(): Promise<readonly unknown[]> {
    const rows = this.#tasks("SELECT record FROM task WHERE settled = 1");
    return rows.map(({ record }) => parsed(record));
  }

  /** By when they were written last, which is when they settled. Records that cannot be read are left as they are. */
  async outdated(before: number, count: number): Promise<readonly string[]> {
    const rows = this.#tasks(
      `SELECT id FROM task WHERE settled = 1
       AND (seq < ? OR id IN (SELECT id FROM task WHERE settled = 1 ORDER BY seq DESC LIMIT -1 OFFSET ?))
       AND CASE WHEN json_valid(record) THEN json_extract(record, '$.v') END <= ?`,
      ...[before, count, RECORD_VERSION],
    );
    return rows.map(({ id }) => String(id));
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

  readonly deliveries: DeliveryNotes = {
    load: async () => this.#all("SELECT note FROM delivery").map(({ note }) => parsed(note)),
    change: async (id, change) => {
      if (!this.has(id)) return false;
      const [row] = this.#all("SELECT note FROM delivery WHERE id = ?", id);
      const note = row && parsed(row.note);
      const next = change(note);
      this.#added.set("delivery", true);
      if (next !== note)
        this.#all("INSERT OR REPLACE INTO delivery (id, note) VALUES (?, ?)", id, JSON.stringify(next));
      return true;
    },
  };

  /** How many tasks have no outcome yet. */
  activeCount(): number {
    this.#active ??= Number(this.#all("SELECT count(*) AS n FROM task WHERE settled = 0")[0]?.n ?? 0);
    return this.#active;
  }

  /** About what the tasks without an outcome take in memory together, in bytes. They count once they were loaded. */
  activeWeight(): number {
    return [...this.#weights.values()].reduce((sum, weight) => sum + weight, 0);
  }

  /** Whether there is a task of this id; it is not read for that. */
  has(id: string): boolean {
    return this.#deferred.has(id) || this.#rows(id, "SELECT 1 FROM task WHERE id = ?").length > 0;
  }

  /** Tasks without their results and what else is long, the newest first by their ids. */
  page(query: TaskQuery): TaskPage {
    return pageOf(
      query,
      (text, ...bindings) => this.#tasks(text, ...bindings),
      (id) => this.leanView(id),
    );
  }

  /** The position after the last stored change. */
  position(): number {
    return this.#seq || this.#lastSeq();
  }

  /**
   * The changes after a position, in order; of one task, or of all. `undefined` if they are longer than what is replayed.
   * Each is read only when it is asked for.
   */
  changes(after: number, id?: string): Iterable<TaskChange> | undefined {
    const select = "SELECT id FROM task WHERE seq > ?";
    const rows =
      id === undefined ? this.#tasks(select, after) : this.#tasks(`${select} AND id = ?`, after, id);
    return replayed(
      rows,
      after,
      (one) => String(this.#all("SELECT log FROM task WHERE id = ?", one)[0]?.log ?? ""),
      (one) => this.leanView(one)?.arguments ?? {},
    );
  }

  /** Calls back after each change that is stored. The function returned ends it. */
  watch(listener: (change: TaskChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The view of a task without its result and what else is long; `undefined` if it is unknown or cannot be read. */
  leanView(id: string): TaskView | undefined {
    return viewOfRow(this.#all("SELECT record FROM task WHERE id = ?", id)[0]);
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

  /** Whether a table may have rows. Most objects have none, and are asked once. */
  #mayHave(table: Addition): boolean {
    const known = this.#added.get(table) ?? this.#all(`SELECT 1 FROM ${table} LIMIT 1`).length > 0;
    this.#added.set(table, known);
    return known;
  }

  /** A query for one task. */
  #rows(id: string, query: string): SqlRow[] {
    return this.#unstored.has(id) ? [] : this.#all(query, id);
  }

  /** A query over all tasks. */
  #tasks(query: string, ...bindings: (string | number | null)[]): SqlRow[] {
    for (const id of [...this.#deferred.keys()]) this.#flush(id);
    return this.#all(query, ...bindings);
  }

  #all(query: string, ...bindings: (string | number | null)[]): SqlRow[] {
    return rowsOf(this.#storage, query, ...bindings);
  }
}

function isDeferrable({ stage, outcome, taskId, call }: TaskRecord): boolean {
  return outcome ? taskId === undefined : stage === "calling" && call.recovery === "repeat";
}
