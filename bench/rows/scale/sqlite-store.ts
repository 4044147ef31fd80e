import { DatabaseSync } from "node:sqlite";
import { deserialize, serialize } from "node:v8";
import type { TaskRecord, TaskStore } from "holdfast";

/**
 * A store outside of the JavaScript heap, as IndexedDB is: what is left in the heap is the client's own. A structured clone
 * and a write each, in memory and not on a disk.
 */
export function sqliteStore(): TaskStore {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE records (id TEXT PRIMARY KEY, settled INTEGER, rev INTEGER, record BLOB)");
  const put = database.prepare("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)");
  const revision = database.prepare("SELECT settled, rev FROM records WHERE id = ?");
  const one = database.prepare("SELECT record FROM records WHERE id = ?");
  const all = database.prepare("SELECT record FROM records WHERE settled = ?");
  const remove = database.prepare("DELETE FROM records WHERE id = ?");
  const sessions = new Map<string, Uint8Array>();
  const read = (row: Record<string, unknown> | undefined): unknown =>
    row ? deserialize(row.record as Uint8Array) : undefined;
  return {
    async save(record: TaskRecord) {
      const known = revision.get(record.id);
      if (known && (known.settled === 1 || Number(known.rev) > record.rev)) return false;
      put.run(record.id, record.outcome ? 1 : 0, record.rev, serialize(record));
      return true;
    },
    load: async (id) => read(one.get(id)),
    remove: async (id) => void remove.run(id),
    loadActive: async () => all.all(0).map(read),
    loadSettled: async () => all.all(1).map(read),
    saveSession: async (endpoint, session) => void sessions.set(endpoint, serialize(session)),
    loadSession: async (endpoint) => {
      const session = sessions.get(endpoint);
      return session && deserialize(session);
    },
  };
}
