import { promisifyRequest } from "idb-keyval";

/** The name of the one object store. */
export const OBJECT_STORE = "records";

/** How long IndexedDB may take to answer, in ms: an open that another tab blocks may never end. */
const PATIENCE_MS = 10_000;
/** The same once one has waited that long, in ms, until the database answers again. */
const SPENT_PATIENCE_MS = 100;

/**
 * Errors of a connection that is gone. Safari loses its connection to the IndexedDB server, and browsers close the
 * connections of background pages; a new connection works. A transaction that is aborted with its connection has no name.
 */
const LOST: ReadonlySet<unknown> = new Set(["AbortError", "InvalidStateError", "UnknownError", undefined]);

/**
 * What a transaction does. It may run twice; `again` is true the second time, when the first may have been committed. One of many
 * requests calls `answered` after each: a busy device may need more time for all of them.
 */
export type Transaction<T> = (store: IDBObjectStore, again: boolean, answered: () => void) => Promise<T>;

export interface DatabaseEvents {
  /** A connection was opened. Transactions wait until this resolves, and fail as it does. */
  readonly opened: (database: IDBDatabase) => Promise<void>;
  /** A script of this origin deletes the database. */
  readonly deleted: () => void;
}

/** An IndexedDB database with one object store. Opens at first use, and again after its connection is closed or lost. */
export class Database {
  readonly #name: string;
  readonly #events: DatabaseEvents;
  #connection: Promise<IDBDatabase> | undefined;
  #patience = PATIENCE_MS;

  constructor(name: string, events: DatabaseEvents) {
    this.#name = name;
    this.#events = events;
  }

  /**
   * Runs a transaction. If the connection is lost, opens another and runs it once more.
   * Rejects with what IndexedDB rejects with, or with an Error if it does not answer in time.
   */
  run<T>(mode: IDBTransactionMode, transaction: Transaction<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout>;
      const expire = (): void => {
        reject(new Error(`IndexedDB did not answer within ${this.#patience} ms`));
        this.#patience = SPENT_PATIENCE_MS;
      };
      const wait = (): void => {
        clearTimeout(timer);
        timer = setTimeout(expire, this.#patience);
      };
      const answered = (): void => {
        this.#patience = PATIENCE_MS;
        wait();
      };
      wait();
      const ended = (): void => {
        answered();
        clearTimeout(timer);
      };
      const work = this.#run(mode, transaction, false, answered);
      work.then(resolve, reject).finally(ended);
    });
  }

  /** Closes the connection once its transactions have ended. The next transaction opens another. */
  close(): void {
    this.#drop(this.#connection);
  }

  async #run<T>(
    mode: IDBTransactionMode,
    transaction: Transaction<T>,
    again: boolean,
    answered: () => void,
  ): Promise<T> {
    let connection: Promise<IDBDatabase> | undefined;
    try {
      connection = this.#connection ??= this.#open();
      const database = await connection;
      const store = database.transaction(OBJECT_STORE, mode).objectStore(OBJECT_STORE);
      return await transaction(store, again, answered);
    } catch (error) {
      if (again || !LOST.has((error as Error | null)?.name)) throw error;
      this.#drop(connection);
      return this.#run(mode, transaction, true, answered);
    }
  }

  #open(): Promise<IDBDatabase> {
    if (!globalThis.indexedDB) throw new Error("there is no IndexedDB here");
    const request = indexedDB.open(this.#name);
    request.onupgradeneeded = () => request.result.createObjectStore(OBJECT_STORE);
    const connection = promisifyRequest(request).then(async (database) => {
      database.onclose = drop;
      // Without this, `deleteDatabase` waits for as long as the page lives, and every later open waits behind it.
      database.onversionchange = ({ newVersion }) => {
        database.close();
        drop();
        if (newVersion === null) this.#events.deleted();
      };
      await this.#events.opened(database);
      return database;
    });
    const drop = (): void => this.#drop(connection);
    connection.catch(drop);
    return connection;
  }

  #drop(connection: Promise<IDBDatabase> | undefined): void {
    if (this.#connection === connection) this.#connection = undefined;
    connection?.then(
      (database) => database.close(),
      () => undefined,
    );
  }
}
