import { chmodSync, existsSync, rmSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { SqliteTaskStore } from "../../src/durable-object/sqlite-store.ts";
import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import { sqlite, storageOf } from "./sqlite.ts";

// live: state of running tasks that no record has, for `holdfast tasks`. told: tasks that the agent knows. wish: requests of a terminal.
const SCHEMA = `
CREATE TABLE IF NOT EXISTS live (task TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS told (task TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS wish (id INTEGER PRIMARY KEY, task TEXT NOT NULL, wish TEXT NOT NULL, reply TEXT);
`;

/** What a terminal asks of the process that runs a task. */
export type Wish =
  | { readonly kind: "cancel" }
  | { readonly kind: "answer"; readonly key: string; readonly response: JsonObject }
  | { readonly kind: "forget" };

export interface OpenWish {
  readonly id: number;
  readonly task: string;
  readonly wish: Wish;
}

/** The database of one process: its tasks, and what lies beside them. */
export class TaskFile {
  readonly path: string;
  readonly tasks: SqliteTaskStore;
  readonly #db: DatabaseSync;

  private constructor(path: string, db: DatabaseSync) {
    this.path = path;
    this.#db = db;
    this.tasks = new SqliteTaskStore(storageOf(db));
  }

  /**
   * Opens a file, or makes it. Only the user can read it.
   * @param synced Whether a commit is on the disk when it returns: the id of a remote server's task must outlive a power
   *   failure, after which a local server's task is gone in any case.
   */
  static async open(path: string, synced: boolean): Promise<TaskFile> {
    const { DatabaseSync } = await sqlite();
    const db = new DatabaseSync(path, { timeout: 5_000 });
    try {
      chmodSync(path, 0o600);
      db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synced ? "FULL" : "NORMAL"}; ${SCHEMA}`);
      return new TaskFile(path, db);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** A database that ends with this process. */
  static async inMemory(): Promise<TaskFile> {
    const { DatabaseSync } = await sqlite();
    const db = new DatabaseSync(":memory:");
    db.exec(SCHEMA);
    return new TaskFile(":memory:", db);
  }

  get isEmpty(): boolean {
    return this.#db.prepare("SELECT 1 FROM task LIMIT 1").get() === undefined;
  }

  /** The agent has this task's result, or knows that it runs. */
  markTold(task: string): void {
    this.#db.prepare("INSERT OR IGNORE INTO told (task) VALUES (?)").run(task);
  }

  isTold(task: string): boolean {
    return this.#db.prepare("SELECT 1 FROM told WHERE task = ?").get(task) !== undefined;
  }

  fact(name: string): string | undefined {
    const row = this.#db.prepare("SELECT value FROM fact WHERE name = ?").get(name);
    return row && String(row.value);
  }

  setFact(name: string, value: string): void {
    this.#db.prepare("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)").run(name, value);
  }

  setLive(task: string, state: object | undefined): void {
    if (!state) this.#db.prepare("DELETE FROM live WHERE task = ?").run(task);
    else
      this.#db
        .prepare("INSERT OR REPLACE INTO live (task, state) VALUES (?, ?)")
        .run(task, JSON.stringify(state));
  }

  live(task: string): JsonObject {
    const row = this.#db.prepare("SELECT state FROM live WHERE task = ?").get(task);
    const state: unknown = row && JSON.parse(String(row.state));
    return isObject(state) ? state : {};
  }

  /** Changes whenever another process has written to the file. */
  version(): number {
    return Number(this.#db.prepare("PRAGMA data_version").get()?.data_version ?? 0);
  }

  addWish(task: string, wish: Wish): number {
    const { lastInsertRowid } = this.#db
      .prepare("INSERT INTO wish (task, wish) VALUES (?, ?)")
      .run(task, JSON.stringify(wish));
    return Number(lastInsertRowid);
  }

  openWishes(): readonly OpenWish[] {
    const rows = this.#db.prepare("SELECT id, task, wish FROM wish WHERE reply IS NULL ORDER BY id").all();
    return rows.map(({ id, task, wish }) => ({
      id: Number(id),
      task: String(task),
      wish: JSON.parse(String(wish)) as Wish,
    }));
  }

  /** @param reply What went wrong; empty when nothing did. */
  answerWish(id: number, reply: string): void {
    this.#db.prepare("UPDATE wish SET reply = ? WHERE id = ?").run(reply, id);
  }

  /** Returns the answer to a wish and deletes it. Returns undefined before the answer exists. */
  takeReply(id: number): string | undefined {
    const row = this.#db.prepare("SELECT reply FROM wish WHERE id = ? AND reply IS NOT NULL").get(id);
    if (!row) return undefined;
    this.#db.prepare("DELETE FROM wish WHERE id = ?").run(id);
    return String(row.reply);
  }

  close(): void {
    this.#db.close();
  }

  /** Deletes the file. */
  remove(): void {
    this.close();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(this.path + suffix, { force: true });
  }
}

export function exists(path: string): boolean {
  return existsSync(path);
}
