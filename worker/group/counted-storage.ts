import type { ObjectStorage } from "holdfast/durable-object";
import type { Counters } from "../operations/counters.ts";

/** A Durable Object's storage that counts what Cloudflare bills: rows written and read, and alarms set. */
export function countedStorage(storage: DurableObjectStorage, counters: Counters): ObjectStorage {
  return {
    sql: {
      exec(query, ...bindings) {
        const cursor = storage.sql.exec(query, ...bindings);
        const rows = cursor.toArray();
        counters.add("rows_written", cursor.rowsWritten);
        counters.add("rows_read", cursor.rowsRead);
        return { toArray: () => rows };
      },
    },
    transactionSync: (work) => storage.transactionSync(work),
    getAlarm: () => storage.getAlarm(),
    setAlarm(at) {
      // An alarm is billed as a row.
      counters.add("rows_written");
      return storage.setAlarm(at);
    },
  };
}
