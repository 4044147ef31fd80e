/**
 * A store in IndexedDB: for pages, extensions and their workers.
 * @module
 */
import { promisifyRequest } from "idb-keyval";
import { isObject, sameJson } from "../protocol/json.ts";
import { randomId } from "../random-id.ts";
import { Database, OBJECT_STORE } from "./database.ts";
import { joinLongResult, partLongResult } from "./long-result.ts";
import { SecondCopy } from "./second-copy.ts";
import { isSuperseded } from "./supersede.ts";
import type { TaskStore } from "./task-store.ts";

export type { TaskStore } from "./task-store.ts";

// One object store, and a prefix for each kind: so a record moves from active to settled in one transaction.
const ACTIVE = "active/";
const SETTLED = "settled/";
const SESSION = "session/";
const RESULT = "result/";
const DELIVERIES = "deliveries/";
/** Says that second copies were restored into this database, or that there were none. Its value identifies the database. */
const COMPLETE = "complete";
/** How many values are read at once: to read thousands keeps a page from all other work. */
const SLICE = 250;

/**
 * A TaskStore in the IndexedDB database `name` of this origin. It also copies what an unfinished task needs to be found
 * again to the cache `holdfast/<name>`, and restores it if the browser loses the database. To delete everything, close the
 * clients, then delete both.
 * @param name Two apps on one origin take two names.
 * @example
 * const tasks = new TaskClient({ store: indexedDbStore(), endpoints });
 */
export function indexedDbStore(name = "holdfast"): TaskStore {
  const copies = new SecondCopy(name);
  let restored = (_tasks: number): void => undefined;
  let identity: unknown;
  /** This process wrote to a database that is gone: what the present one lacks was not deleted from it. */
  let replaced = false;
  const database = new Database(name, {
    opened: async (opened) => {
      const before = identity;
      identity = await complete(opened, copies, (tasks) => restored(tasks));
      replaced ||= before !== undefined && before !== identity;
    },
    deleted: () => void copies.clear(),
  });
  const write = (change: (store: IDBObjectStore) => void): Promise<void> =>
    database.run("readwrite", (store) => {
      change(store);
      return promisifyRequest(store.transaction);
    });
  const readAll = (prefix: string): Promise<readonly unknown[]> =>
    database.run("readonly", async (store, _again, answered) => {
      const all: unknown[] = [];
      let range = under(prefix);
      for (;;) {
        const [keys, values] = await Promise.all([
          promisifyRequest(store.getAllKeys(range, SLICE)),
          promisifyRequest(store.getAll(range, SLICE)),
        ]);
        all.push(...values);
        answered();
        if (keys.length < SLICE) return all;
        range = IDBKeyRange.bound(keys.at(-1), range.upper, true);
      }
    });

  return {
    scope: name,
    async save(record, after) {
      const saved = await database.run("readwrite", async (store, again) => {
        const known = await Promise.all([read(store, SETTLED + record.id), read(store, ACTIVE + record.id)]);
        const stored = known[0] ?? known[1];
        const parted = partLongResult(record);
        // The connection may have been lost after the write was committed.
        const written = again && sameJson(stored, parted.record);
        const follows = replaced && stored === undefined ? undefined : after;
        const superseded = !written && isSuperseded(record, stored, follows);
        if (!superseded && !written) {
          // The put comes first: what cannot be cloned throws, and then nothing has been deleted.
          store.put(parted.record, (record.outcome ? SETTLED : ACTIVE) + record.id);
          if (parted.result) store.put(parted.result, RESULT + record.id);
          if (record.outcome) store.delete(ACTIVE + record.id);
        }
        await promisifyRequest(store.transaction);
        return !superseded;
      });
      // Nothing is sent or published before the copy of this record is written or deleted.
      if (saved) await (record.outcome ? copies.delete(record.id) : copies.put(record));
      return saved;
    },
    load: (id) =>
      database.run("readonly", async (store) => {
        const [active, settled, result] = await Promise.all(
          [ACTIVE, SETTLED, RESULT].map((prefix) => read(store, prefix + id)),
        );
        return active ?? joinLongResult(settled, result);
      }),
    async remove(id) {
      await write((store) => {
        store.delete(ACTIVE + id);
        store.delete(SETTLED + id);
        store.delete(RESULT + id);
        store.delete(DELIVERIES + id);
      });
      await copies.delete(id);
    },
    loadActive: () => readAll(ACTIVE),
    loadSettled: () => readAll(SETTLED),
    async saveSession(endpoint, session) {
      copies.noteSession(endpoint, session);
      await write((store) => store.put(session, SESSION + endpoint));
    },
    async loadSession(endpoint) {
      const session = await database.run("readonly", (store) => read(store, SESSION + endpoint));
      copies.noteSession(endpoint, session);
      return session;
    },
    deliveries: {
      load: () => readAll(DELIVERIES),
      change: (id, change) =>
        database.run("readwrite", async (store) => {
          const [settled, active, note] = await Promise.all(
            [SETTLED, ACTIVE, DELIVERIES].map((prefix) => read(store, prefix + id)),
          );
          const held = settled !== undefined || active !== undefined;
          const next = held ? change(note) : note;
          if (next !== note) store.put(next, DELIVERIES + id);
          await promisifyRequest(store.transaction);
          return held;
        }),
    },
    onRestored(listener) {
      restored = listener;
    },
    close: () => database.close(),
  };
}

/**
 * Fills a database that came back empty from the second copies, once and in one transaction; other copies are outdated.
 * Returns what identifies the database.
 */
async function complete(
  database: IDBDatabase,
  copies: SecondCopy,
  restored: (tasks: number) => void,
): Promise<unknown> {
  const transaction = (mode: IDBTransactionMode): IDBObjectStore =>
    database.transaction(OBJECT_STORE, mode).objectStore(OBJECT_STORE);
  const known = await read(transaction("readonly"), COMPLETE);
  if (known !== undefined) {
    void copies.retain(async () => {
      const keys = await promisifyRequest(transaction("readonly").getAllKeys(under(ACTIVE)));
      return keys.map((key) => String(key).slice(ACTIVE.length));
    });
    return known;
  }
  const found = await copies.read();
  const store = transaction("readwrite");
  // Another tab may have been faster, and has moved the tasks on.
  let tasks = 0;
  const theirs = await read(store, COMPLETE);
  const first = theirs === undefined;
  const identity = theirs ?? randomId();
  if (first) {
    store.put(identity, COMPLETE);
    for (const { record, session } of found ?? []) {
      const keys = [SETTLED, ACTIVE].map((prefix) => prefix + record.id);
      const present = await Promise.all(keys.map((key) => read(store, key)));
      if (present.some((stored) => stored !== undefined)) continue;
      store.put(record, ACTIVE + record.id);
      tasks++;
      if (isObject(session)) store.put(session, SESSION + record.endpoint);
    }
  }
  await promisifyRequest(store.transaction);
  if (first && found) restored(tasks);
  return identity;
}

/** The keys that begin so. */
function under(prefix: string): IDBKeyRange {
  return IDBKeyRange.bound(prefix, `${prefix}\uffff`);
}

function read(store: IDBObjectStore, key: string): Promise<unknown> {
  return promisifyRequest(store.get(key));
}
