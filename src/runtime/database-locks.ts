import type { LockOptions, Locks } from "./tab-platform.ts";

/** How long a lock may take that is wanted only if it is available, in ms: a frozen holder does not even say that it has it. */
const AVAILABLE_MS = 500;

/**
 * Web Locks made of IndexedDB, for pages on plain `http:`, which have none. A lock is a database: its holder keeps a
 * connection open. Who wants it deletes the database, which waits until that connection is closed, and opens it anew.
 * Requests for one database are processed in order (IndexedDB, "connection queue"), so nobody comes in between, and the
 * browser closes the connections of a tab that ends. A stolen lock changes hands when its holder has received
 * the event: a frozen holder keeps the lock until it thaws, and polls nothing meanwhile.
 */
export const databaseLocks: Locks = {
  async request(name, options, callback) {
    for (;;) {
      const attempt = await requestOnce(name, options, callback);
      if (attempt) return attempt.value;
    }
  },
};

/** Resolves with `undefined` if another tab stole the lock while this one waited: then it goes to the end of the queue. */
function requestOnce<T>(
  name: string,
  { ifAvailable, steal, signal }: LockOptions,
  callback: (lock: unknown) => Promise<T>,
): Promise<{ readonly value: T } | undefined> {
  const database = `holdfast-lock/${name}`;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const channel = new BroadcastChannel(database);
    let waiting = true;
    let passedOver = false;
    channel.onmessage = () => {
      passedOver = true;
    };
    const giveUp = (finish: () => void): void => {
      if (!waiting) return;
      waiting = false;
      clearTimeout(timer);
      channel.close();
      finish();
    };
    const unavailable = (): void => giveUp(() => resolve(callback(null).then((value) => ({ value }))));
    const timer = ifAvailable ? setTimeout(unavailable, AVAILABLE_MS) : undefined;
    signal?.addEventListener("abort", () => giveUp(() => reject(signal.reason)), { once: true });
    if (steal) channel.postMessage("steal");
    const freed = indexedDB.deleteDatabase(database);
    if (ifAvailable) freed.onblocked = unavailable;
    const opening = indexedDB.open(database);
    opening.onerror = () => giveUp(() => reject(opening.error));
    opening.onsuccess = () => {
      const connection = opening.result;
      const release = (): void => {
        channel.close();
        connection.close();
        // Nothing stays behind: there is a lock for each call.
        indexedDB.deleteDatabase(database);
      };
      if (!waiting) return release();
      waiting = false;
      clearTimeout(timer);
      const stolen = (): void => {
        release();
        reject(new DOMException("Another tab stole the lock", "AbortError"));
      };
      if (passedOver && steal) return stolen();
      if (passedOver) {
        release();
        return resolve(undefined);
      }
      channel.onmessage = stolen;
      callback({ name })
        .then((value) => resolve({ value }), reject)
        .finally(release);
    };
  });
}
