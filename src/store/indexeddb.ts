/**
 * A store in IndexedDB: for pages, extensions and their workers.
 * @module
 */
import { createStore, promisifyRequest, type UseStore } from "idb-keyval";
import { joinLongResult, partLongResult } from "./long-result.ts";
import { isSuperseded } from "./supersede.ts";
import type { TaskStore } from "./task-store.ts";

export type { TaskStore } from "./task-store.ts";

// One object store, and a prefix for each kind: so a record moves from active to settled in one transaction.
const ACTIVE = "active/";
const SETTLED = "settled/";
const SESSION = "session/";
const RESULT = "result/";

/** An open that another tab blocks never ends: a task must not wait for it longer than this, in ms. */
const PATIENCE_MS = 10_000;
/** And once it has waited that long, no longer than this each time, until the database answers again. */
const SPENT_PATIENCE_MS = 100;

/**
 * A TaskStore in the IndexedDB database `name` of this origin.
 * @param name Two apps on one origin take two names.
 */
export function indexedDbStore(name = "holdfast"): TaskStore {
  let opened: UseStore | undefined;
  let patience = PATIENCE_MS;
  // Opened at first use: where IndexedDB is missing, making a store must not throw, and using it rejects.
  const use: UseStore = async (mode, callback) => {
    opened ??= createStore(name, "records");
    const work = opened(mode, callback);
    const answered = (): void => {
      patience = PATIENCE_MS;
    };
    work.then(answered, answered);
    return within(patience, work, () => {
      patience = SPENT_PATIENCE_MS;
    });
  };
  const write = (change: (store: IDBObjectStore) => void): Promise<void> =>
    use("readwrite", (store) => {
      change(store);
      return promisifyRequest(store.transaction);
    });
  const readAll = (prefix: string): Promise<readonly unknown[]> =>
    use("readonly", (store) => promisifyRequest(store.getAll(IDBKeyRange.bound(prefix, `${prefix}\uffff`))));

  return {
    scope: name,
    save: (record, after) =>
      use("readwrite", async (store) => {
        const done = promisifyRequest(store.transaction);
        const known = await Promise.all([read(store, SETTLED + record.id), read(store, ACTIVE + record.id)]);
        const superseded = isSuperseded(record, known[0] ?? known[1], after);
        if (!superseded) {
          // The put comes first: what cannot be cloned throws, and then nothing has been deleted.
          const parted = partLongResult(record);
          store.put(parted.record, (record.outcome ? SETTLED : ACTIVE) + record.id);
          if (parted.result) store.put(parted.result, RESULT + record.id);
          if (record.outcome) store.delete(ACTIVE + record.id);
        }
        await done;
        return !superseded;
      }),
    load: (id) =>
      use("readonly", async (store) => {
        const [active, settled, result] = await Promise.all(
          [ACTIVE, SETTLED, RESULT].map((prefix) => read(store, prefix + id)),
        );
        return active ?? joinLongResult(settled, result);
      }),
    remove: (id) =>
      write((store) => {
        store.delete(ACTIVE + id);
        store.delete(SETTLED + id);
        store.delete(RESULT + id);
      }),
    loadActive: () => readAll(ACTIVE),
    loadSettled: () => readAll(SETTLED),
    saveSession: (endpoint, session) => write((store) => store.put(session, SESSION + endpoint)),
    loadSession: (endpoint) => use("readonly", (store) => read(store, SESSION + endpoint)),
  };
}

function within<T>(ms: number, work: Promise<T>, late: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const expire = (): void => {
      late();
      reject(new Error(`IndexedDB did not answer within ${ms} ms`));
    };
    const timer = setTimeout(expire, ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function read(store: IDBObjectStore, key: string): Promise<unknown> {
  return promisifyRequest(store.get(key));
}
